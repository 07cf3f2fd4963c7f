package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.ControlChannel;
import java.util.Arrays;

/** Makes every rank's measurements the same numbers on all ranks: the slowest rank's. */
final class Agreement {
    private final ControlChannel control;

    Agreement(ControlChannel control) {
        this.control = control;
    }

    /** {@return the largest of all ranks' values} */
    double max(double value) {
        return max(new double[] {value})[0];
    }

    /** {@return for each value the largest that a rank has} */
    double[] max(double... values) {
        double[] largest = values.clone();
        for (double[] other : share(values)) {
            Arrays.setAll(largest, i -> Math.max(largest[i], other[i]));
        }
        return largest;
    }

    /** {@return every rank's values, in rank order; as many as each has} */
    double[][] share(double... values) {
        return Arrays.stream(control.share(words(values)))
                .map(Agreement::doubles)
                .toArray(double[][]::new);
    }

    /** {@return the root's values, however many; what others give is ignored} */
    double[] fromRoot(double... values) {
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
