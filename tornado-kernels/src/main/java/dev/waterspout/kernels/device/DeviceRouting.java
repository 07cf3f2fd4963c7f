package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.ExpertKernels;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Which experts of a mixture the tokens of a chunk go to, on a device.
 *
 * @param experts number of experts in a layer
 * @param first one that the rank has
 * @param own how many it has
 * @param rule how they are chosen
 * @param chosen {@link #chosen(int, Rule)}, to be transferred at every execution
 * @param weights [rows][used]
 */
public record DeviceRouting(int experts, int first, int own, Rule rule, IntArray chosen, FloatArray weights) {
    /** How a router's logits become weights. */
    public enum Gating {
        /** The softmax over all experts. */
        SOFTMAX(ExpertKernels.SOFTMAX),
        /** The sigmoid of each. */
        SIGMOID(ExpertKernels.SIGMOID),
        /** The softmax over the chosen experts. */
        SOFTMAX_OF_CHOSEN(ExpertKernels.SOFTMAX_OF_CHOSEN);

        private final int number;

        Gating(int number) {
            this.number = number;
        }

        /** {@return the number in kernels} */
        int number() {
            return number;
        }
    }

    /**
     * The rule by which experts are chosen.
     *
     * @param used number of experts per token
     * @param gating function from logits to weights
     * @param normalized whether weights are divided by their sum
     * @param scale factor of the weights
     * @param groups groups of neighbouring experts
     * @param usedGroups groups that experts are chosen from, those whose two best experts have the largest sum
     */
    public record Rule(int used, Gating gating, boolean normalized, float scale, int groups, int usedGroups) {
        /** A rule without groups. */
        public Rule(int used, Gating gating, boolean normalized, float scale) {
            this(used, gating, normalized, scale, 1, 1);
        }
    }

    /** Checks the numbers. */
    public DeviceRouting {
        if (rule.used < 1 || rule.used > experts || first < 0 || own < 1 || own > experts - first) {
            throw new IllegalArgumentException("experts " + first + " to " + (first + own - 1) + " of " + experts + ", "
                    + rule.used + " for each token: a token needs 1 or more, a rank has 1 or more, all of the layer");
        }
        if (rule.groups < 1
                || experts % rule.groups != 0
                || rule.usedGroups > rule.groups
                || rule.used > experts / rule.groups * rule.usedGroups) {
            throw new IllegalArgumentException(rule.used + " of " + experts + " experts from " + rule.usedGroups
                    + " of " + rule.groups + " groups: groups are of one size, those used have enough experts");
        }
    }

    /**
     * {@return the array of chosen experts}
     *
     * @param rows tokens of the largest chunk
     * @param rule how they are chosen
     */
    public static IntArray chosen(int rows, Rule rule) {
        IntArray chosen = new IntArray(elements(rows, rule.used));
        chosen.init(0);
        chosen.set(0, rule.used);
        return chosen;
    }

    /**
     * {@return the elements of the array of chosen experts}
     *
     * @param rows tokens of the largest chunk
     * @param used number of experts per token
     */
    public static int elements(int rows, int used) {
        return Math.addExact(1, Math.multiplyExact(rows, used));
    }
}
