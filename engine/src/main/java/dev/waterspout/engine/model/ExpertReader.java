package dev.waterspout.engine.model;

import dev.waterspout.engine.model.Architecture.ExpertRules;
import dev.waterspout.engine.model.Experts.Gating;
import org.jspecify.annotations.Nullable;

/** Reads the keys {@code <architecture>.expert_*}. */
final class ExpertReader {
    private final ExpertRules rules;
    private final Keys keys;

    ExpertReader(ExpertRules rules, Keys keys) {
        this.rules = rules;
        this.keys = keys;
    }

    /**
     * Reads the keys of the mixture of experts.
     *
     * @param ffnWidth inner width of the FFN
     * @return null if the model has no experts
     */
    @Nullable
    Experts read(int ffnWidth) {
        int count = rules.presence() == Presence.NEVER ? 0 : keys.positive("expert_count", 0);
        if (count == 0) {
            if (rules.presence() == Presence.REQUIRED) {
                throw new ModelException(keys.full("expert_count") + " is missing or 0; this architecture has experts");
            }
            return null;
        }
        int used = keys.required("expert_used_count");
        if (used > count) {
            throw new ModelException(
                    keys.full("expert_used_count") + " is " + used + "; there are " + count + " experts");
        }
        int width = switch (rules.width()) {
            case FFN -> ffnWidth;
            case KEY -> keys.positive("expert_feed_forward_length", Math.max(1, ffnWidth / used));
        };
        int groups = keys.positive("expert_group_count", 1);
        int usedGroups = keys.positive("expert_group_used_count", groups);
        if (count % groups != 0 || usedGroups > groups || used > count / groups * usedGroups) {
            throw new ModelException(keys.full("expert_group_count") + " is " + groups + ", of which " + usedGroups
                    + " are used; " + used + " of " + count + " experts cannot be chosen from them");
        }
        return new Experts(
                count,
                used,
                width,
                shared(ffnWidth, width),
                gating(),
                rules.keys() ? keys.flag("expert_weights_norm", rules.normalized()) : rules.normalized(),
                scale(),
                groups,
                usedGroups);
    }

    /** Returns the number of leading layers with an FFN in place of experts. */
    int leadingDenseLayers() {
        return rules.keys() ? keys.positive("leading_dense_block_count", 0) : 0;
    }

    private int shared(int ffnWidth, int width) {
        return switch (rules.shared()) {
            case NONE -> 0;
            case KEY -> keys.positive("expert_shared_feed_forward_length", 0);
            case KEY_OR_FFN -> keys.positive("expert_shared_feed_forward_length", ffnWidth);
            case COUNT -> width * keys.positive("expert_shared_count", 0);
        };
    }

    private Gating gating() {
        int function = rules.keys() ? keys.positive("expert_gating_func", 0) : 0;
        return switch (function) {
            case 0 -> rules.gating();
            case 1 -> Gating.SOFTMAX;
            case 2 -> Gating.SIGMOID;
            case 3 -> Gating.SOFTMAX_OF_CHOSEN;
            default ->
                throw new ModelException(keys.full("expert_gating_func") + " is " + function + "; allowed are 1 to 3");
        };
    }

    /** A scale of 0 stands for no scale. */
    private float scale() {
        double scale = rules.keys() ? keys.real("expert_weights_scale", 1) : 1;
        return scale == 0 ? 1 : (float) scale;
    }
}
