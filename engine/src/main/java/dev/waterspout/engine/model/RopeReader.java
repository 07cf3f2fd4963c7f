package dev.waterspout.engine.model;

import dev.waterspout.engine.model.Architecture.RopeRules;
import dev.waterspout.engine.model.RopeConfig.Yarn;
import org.jspecify.annotations.Nullable;

/** Reads the keys {@code <architecture>.rope.*}. */
final class RopeReader {
    private static final String BASE = "rope.freq_base";

    private final Architecture architecture;
    private final RopeRules rules;
    private final Keys keys;
    private final int headDim;
    private final int trainedPositions;

    RopeReader(Architecture architecture, Keys keys, int headDim, int contextLength) {
        this.architecture = architecture;
        this.rules = architecture.attention().rope();
        this.keys = keys;
        this.headDim = headDim;
        this.trainedPositions = Math.clamp(
                keys.integer("rope.scaling.original_context_length").orElse((long) contextLength),
                0,
                Integer.MAX_VALUE);
    }

    /**
     * Returns the trained context before position scaling; 0 if unknown.
     */
    int trainedPositions() {
        return trainedPositions;
    }

    /** Returns whether no layer has a rotary embedding. */
    boolean off() {
        return rules.offKey() && !keys.flag("rope.scaling.finetuned", true);
    }

    /** Returns the embedding of layers without a sliding window. */
    RopeConfig global() {
        return of(base(BASE, ConfigReader.ROPE_BASE));
    }

    private RopeConfig of(double base) {
        int dimensions = dimensions();
        double factor = factor();
        double attentionFactor = attentionFactor();
        String type = keys.text("rope.scaling.type", "linear");
        // A factor of 0 stands for no scaling.
        double scale = factor == 0 || type.equals("none") ? 1 : 1 / factor;
        return switch (type) {
            case "none", "linear", "longrope" ->
                new RopeConfig(dimensions, rules.pairing(), base, scale, attentionFactor, null);
            case "yarn" -> yarn(dimensions, base, scale, attentionFactor);
            default ->
                throw new ModelException(keys.full("rope.scaling.type") + " '" + type
                        + "' is not supported; supported are none, linear, yarn and longrope");
        };
    }

    /** Returns the embedding of layers with a sliding window. */
    RopeConfig local(RopeConfig global) {
        String key = "rope.freq_base_swa";
        return switch (architecture.attention().window().rope()) {
            case SAME -> of(base(key, global.base()));
            case UNSCALED -> {
                if (base(key, global.base()) != global.base()) {
                    throw new ModelException(keys.full(key) + " is another than " + keys.full(BASE)
                            + "; this architecture has one base for all layers");
                }
                yield new RopeConfig(global.dimensions(), global.pairing(), global.base());
            }
            case OWN_BASE ->
                new RopeConfig(
                        global.dimensions(),
                        global.pairing(),
                        base(key, ConfigReader.ROPE_BASE),
                        1,
                        attentionFactor(),
                        null);
        };
    }

    private double attentionFactor() {
        return keys.real("rope.scaling.attn_factor", 1);
    }

    private int dimensions() {
        long dimensions = keys.integer("rope.dimension_count").orElse((long) headDim);
        if (dimensions < 2 || dimensions > headDim || dimensions % 2 != 0) {
            throw new ModelException(keys.full("rope.dimension_count") + " is " + dimensions
                    + "; allowed are even numbers from 2 to the head dimension " + headDim);
        }
        return (int) dimensions;
    }

    private double base(String key, double otherwise) {
        double base = keys.real(key, otherwise);
        if (!(base > 0)) {
            throw new ModelException(keys.full(key) + " is " + base + "; it must be a positive number");
        }
        return base;
    }

    private double factor() {
        String key = keys.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
        double factor = keys.real(key, 0);
        if (factor < 0) {
            throw new ModelException(keys.full(key) + " is " + factor + "; it must not be negative");
        }
        return factor;
    }

    /**
     * YaRN (arXiv 2309.00071): pairs that make more than {@code fast} rotations within the trained context keep their
     * frequency, pairs that make fewer than {@code slow} rotations are interpolated, and all are multiplied by a factor
     * that grows with the scaling.
     */
    private RopeConfig yarn(int dimensions, double base, double scale, double attentionFactor) {
        if (trainedPositions < 1) {
            throw new ModelException(keys.full("rope.scaling.original_context_length")
                    + " is missing, and so is the context length; YaRN needs one of them");
        }
        double low = Math.floor(pairOfTurns(dimensions, base, beta("rope.scaling.yarn_beta_fast", 32)));
        double high = Math.ceil(pairOfTurns(dimensions, base, beta("rope.scaling.yarn_beta_slow", 1)));
        @Nullable Yarn yarn = new Yarn(Math.max(0, low), Math.min(dimensions - 1.0, high));
        double logarithm = logarithm();
        double growth = -Math.log(scale);
        // If the factor is applied to scores, and not to queries and keys, the two are equal unless the multiplier is
        // 1.
        double own = architecture.attention().latent() && logarithm != 0 ? logarithm : 1;
        double magnitude = logarithm == 0 ? longer(1, growth) : longer(own, growth) / longer(logarithm, growth);
        return new RopeConfig(dimensions, rules.pairing(), base, scale, magnitude * attentionFactor, yarn);
    }

    private double beta(String key, double otherwise) {
        return rules.yarnBetas() ? keys.real(key, otherwise) : otherwise;
    }

    private double logarithm() {
        double factor = rules.yarnLogarithm();
        return factor == 0 ? 0 : factor * keys.real("rope.scaling.yarn_log_multiplier", 0);
    }

    /**
     * Returns the factor of scores with latent attention, in addition to 1 / sqrt(head dimension): the square of YaRN's
     * factor of queries and keys, because the rotary embedding applies only to a part of them.
     */
    double latentScale() {
        RopeConfig rope = global();
        double growth = Math.max(0, -Math.log(rope.positionScale()));
        double longer = rope.magnitude() * (rope.yarn() == null ? longer(1, growth) : 1) * longer(logarithm(), growth);
        return longer * longer;
    }

    private static double longer(double multiplier, double growth) {
        return growth <= 0 ? 1 : 1 + 0.1 * multiplier * growth;
    }

    /** Returns the pair that makes this number of rotations within the trained context. */
    private double pairOfTurns(int dimensions, double base, double turns) {
        return dimensions * Math.log(trainedPositions / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }
}
