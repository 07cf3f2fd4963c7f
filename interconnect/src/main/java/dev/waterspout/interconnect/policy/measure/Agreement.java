package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.interconnect.collective.ControlChannel;
import java.util.Arrays;

/**
 * Makes all ranks agree on measurements: the values of the slowest rank. Each method is called on all ranks.
 */
public final class Agreement {
    private final ControlChannel control;

    /** @param control control messages of this rank */
    public Agreement(ControlChannel control) {
        this.control = control;
    }

    /**
     * Returns the largest of all ranks' values.
     *
     * @param value this rank's
     */
    public double max(double value) {
        return max(new double[] {value})[0];
    }

    /**
     * Returns for each place the largest of all ranks' values.
     *
     * @param values this rank's, as many as every other's
     */
    public double[] max(double... values) {
        double[] largest = values.clone();
        for (double[] other : share(values)) {
            Arrays.setAll(largest, i -> Math.max(largest[i], other[i]));
        }
        return largest;
    }

    /**
     * Returns every rank's values, in rank order.
     *
     * @param values this rank's, as many as every other's
     */
    public double[][] share(double... values) {
        return Arrays.stream(control.share(words(values)))
                .map(Agreement::doubles)
                .toArray(double[][]::new);
    }

    /**
     * Returns the root's values.
     *
     * @param values the root's, any number of them; those of other ranks are ignored
     */
    public double[] fromRoot(double... values) {
        int count = (int) share(values.length)[ControlChannel.ROOT][0];
        double[] padded = Arrays.copyOf(values, count);
        return count == 0 ? padded : share(padded)[ControlChannel.ROOT];
    }

    private static int[] words(double[] values) {
        int[] words = new int[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            long bits = Double.doubleToLongBits(values[i]);
            words[2 * i] = (int) (bits >>> Integer.SIZE);
            words[2 * i + 1] = (int) bits;
        }
        return words;
    }

    private static double[] doubles(int[] words) {
        double[] values = new double[words.length / 2];
        Arrays.setAll(
                values,
                i -> Double.longBitsToDouble(
                        (long) words[2 * i] << Integer.SIZE | Integer.toUnsignedLong(words[2 * i + 1])));
        return values;
    }
}
