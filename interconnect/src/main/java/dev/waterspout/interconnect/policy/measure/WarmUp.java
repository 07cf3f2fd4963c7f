package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Runs the codecs until the JIT has compiled them: interpreted vector code is a thousand times slower. Communicates
 * with no other rank.
 *
 * <p>A codec counts as compiled if the fastest rows of three successive batches take the same time and the JIT was
 * nearly idle. Equal times alone are not enough, because code that waits for the JIT has slow but constant times.
 */
public final class WarmUp {
    private static final double BATCH_SECONDS = 0.05;
    /** Fewest rounds of a batch. */
    private static final int BATCH_ROUNDS = 4;
    /** Most rounds of a batch, which take longer than the resolution of any clock. */
    private static final int MOST_ROUNDS = 10_000;

    private static final int EQUAL_BATCHES = 2;
    private static final double EQUAL = 0.1;
    /** The fraction of a batch's time in which the JIT may be busy. */
    public static final double IDLE = 0.25;

    private WarmUp() {}

    /**
     * Encodes, reduces and sums one row in every format in turn.
     *
     * @param formats wire formats to compile kernels for
     * @param columns elements of a row
     * @param ranks number of ranks that exchange
     * @param ports ports to warm up
     * @param clocks clocks of this rank
     * @param most the longest time
     * @return the formats that became steady
     */
    public static Set<WireFormat> run(
            List<WireFormat> formats, int columns, int ranks, PortFactory ports, Clocks clocks, Duration most) {
        double seconds = Seconds.of(most);
        long start = clocks.nanos().getAsLong();
        try (Arena arena = Arena.ofShared()) {
            List<Kernel> kernels = formats.stream()
                    .map(format -> new Kernel(new CodecWork(format, 1, columns, ranks, ports, arena)))
                    .toList();
            while (Seconds.since(clocks.nanos(), start) < seconds) {
                boolean idle = batch(kernels, clocks);
                kernels.forEach(kernel -> kernel.endBatch(idle));
                if (kernels.stream().allMatch(Kernel::isSteady)) {
                    break;
                }
            }
            Set<WireFormat> steady = new LinkedHashSet<>();
            kernels.stream().filter(Kernel::isSteady).forEach(kernel -> steady.add(kernel.work.format()));
            return steady;
        }
    }

    /** {@return whether the JIT was nearly idle} */
    private static boolean batch(List<Kernel> kernels, Clocks clocks) {
        long start = clocks.nanos().getAsLong();
        long compiled = clocks.compiling().getAsLong();
        for (int round = 0; round < MOST_ROUNDS; round++) {
            if (round >= BATCH_ROUNDS && Seconds.since(clocks.nanos(), start) >= BATCH_SECONDS) {
                break;
            }
            kernels.forEach(kernel -> kernel.run(clocks));
        }
        long took = clocks.nanos().getAsLong() - start;
        return clocks.compiling().getAsLong() - compiled <= IDLE * took;
    }

    /** One format's work and its fastest times of this and of the last batch. */
    private static final class Kernel {
        private final CodecWork work;
        private double[] before = CodecWork.never();
        private double[] fastest = CodecWork.never();
        private int equalBatches;

        private Kernel(CodecWork work) {
            this.work = work;
        }

        private void run(Clocks clocks) {
            double[] times = work.time(clocks.nanos());
            Arrays.setAll(fastest, i -> Math.min(fastest[i], times[i]));
        }

        private void endBatch(boolean idle) {
            boolean equal = idle;
            for (int i = 0; i < fastest.length; i++) {
                equal &= fastest[i] >= (1 - EQUAL) * before[i] && before[i] >= (1 - EQUAL) * fastest[i];
            }
            equalBatches = equal ? equalBatches + 1 : 0;
            before = fastest;
            fastest = CodecWork.never();
        }

        private boolean isSteady() {
            return equalBatches >= EQUAL_BATCHES;
        }
    }
}
