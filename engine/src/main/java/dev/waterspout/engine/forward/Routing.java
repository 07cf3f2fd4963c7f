package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Experts;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The chosen experts of the tokens of a chunk, and their weights. */
final class Routing {
    /**
     * Lower bound of the sum by which weights are divided: the smallest normal f16 number, as in llama.cpp.
     */
    private static final float LEAST_SUM = 0x1p-14f;

    private final Experts experts;
    private final float[] scores;
    private final float[] choice;
    private final boolean[] taken;
    private final int[] chosen;
    private final float[] weights;

    /**
     * @param experts experts of the layer
     * @param maxRows tokens of the largest chunk
     */
    Routing(Experts experts, int maxRows) {
        this.experts = experts;
        this.scores = new float[experts.count()];
        this.choice = new float[experts.count()];
        this.taken = new boolean[experts.count()];
        this.chosen = new int[maxRows * experts.used()];
        this.weights = new float[maxRows * experts.used()];
    }

    /**
     * Chooses the experts of each token.
     *
     * @param logits logits of the router, f32 {@code [rows][experts]}
     * @param bias added while experts are chosen, f32 {@code [experts]}, or null
     * @param rows tokens
     */
    void route(MemorySegment logits, @Nullable MemorySegment bias, int rows) {
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(
                    logits, ValueLayout.JAVA_FLOAT, (long) row * scores.length * Float.BYTES, scores, 0, scores.length);
            switch (experts.gating()) {
                case SOFTMAX -> softmax(scores, 0, scores.length);
                case SIGMOID -> {
                    for (int i = 0; i < scores.length; i++) {
                        scores[i] = (float) (1 / (1 + StrictMath.exp(-scores[i])));
                    }
                }
                case SOFTMAX_OF_CHOSEN -> {
                    // The softmax is applied later, over the chosen experts.
                }
            }
            for (int i = 0; i < choice.length; i++) {
                choice[i] = bias == null ? scores[i] : scores[i] + bias.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            }
            if (experts.usedGroups() < experts.groups()) {
                dropGroups();
            }
            choose(row * experts.used());
        }
    }

    /** Excludes the experts of all groups except those whose two best experts have the largest sum. */
    private void dropGroups() {
        int size = experts.count() / experts.groups();
        float[] best = new float[experts.groups()];
        for (int group = 0; group < best.length; group++) {
            float[] members = Arrays.copyOfRange(choice, group * size, (group + 1) * size);
            Arrays.sort(members);
            best[group] = members[size - 1] + (size > 1 ? members[size - 2] : 0);
        }
        for (int dropped = experts.groups(); dropped > experts.usedGroups(); dropped--) {
            int worst = 0;
            for (int group = 1; group < best.length; group++) {
                worst = best[group] <= best[worst] ? group : worst;
            }
            best[worst] = Float.POSITIVE_INFINITY;
            Arrays.fill(choice, worst * size, (worst + 1) * size, Float.NEGATIVE_INFINITY);
        }
    }

    /** Chooses the best experts of one token; of equal ones, the lower number. */
    private void choose(int at) {
        Arrays.fill(taken, false);
        for (int i = 0; i < experts.used(); i++) {
            int best = -1;
            for (int expert = 0; expert < choice.length; expert++) {
                if (!taken[expert] && (best < 0 || choice[expert] > choice[best])) {
                    best = expert;
                }
            }
            taken[best] = true;
            chosen[at + i] = best;
            weights[at + i] = scores[best];
        }
        switch (experts.gating()) {
            case SOFTMAX_OF_CHOSEN -> softmax(weights, at, experts.used());
            case SOFTMAX, SIGMOID -> normalize(at);
        }
        for (int i = 0; i < experts.used(); i++) {
            weights[at + i] *= experts.scale();
        }
    }

    private void normalize(int at) {
        if (!experts.normalized()) {
            return;
        }
        float sum = 0;
        for (int i = 0; i < experts.used(); i++) {
            sum += weights[at + i];
        }
        for (int i = 0; i < experts.used(); i++) {
            weights[at + i] /= Math.max(sum, LEAST_SUM);
        }
    }

    private static void softmax(float[] values, int from, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = from; i < from + count; i++) {
            max = Math.max(max, values[i]);
        }
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            values[i] = (float) StrictMath.exp(values[i] - max);
            sum += values[i];
        }
        for (int i = from; i < from + count; i++) {
            values[i] = (float) (values[i] / sum);
        }
    }

    /**
     * Returns the weight of an expert for a token.
     *
     * @return NaN if the expert is not chosen
     */
    float weight(int row, int expert) {
        for (int i = row * experts.used(); i < (row + 1) * experts.used(); i++) {
            if (chosen[i] == expert) {
                return weights[i];
            }
        }
        return Float.NaN;
    }
}
