package dev.waterspout.benchmarks.quality;

import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.HostPort;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints the signal-to-noise ratio of the sum of every collective, as a table in Markdown. */
public final class SumErrorTable {
    private static final int ROWS = 64;
    private static final int COLUMNS = 2048;
    private static final int[] RANKS = {2, 4, 8};
    private static final List<String> FORMATS = List.of(
            "bf16",
            "f16",
            "q8_0",
            "int8:32:e8m0",
            "e5m2:32:e8m0",
            "e4m3:32:e8m0",
            "e3m2:32:e8m0",
            "e2m3:32:e8m0",
            "int6:32:e8m0",
            "e3m1:32:e8m0",
            "e2m2:32:e8m0",
            "int5:32:e8m0",
            "e2m1:8:e8m0",
            "e2m1:16:e8m0",
            "e2m1:32:e8m0",
            "e2m1:32:e8m0:even",
            "e2m1:32:e8m0:ceil",
            "e2m1:32:e8m0:rceil",
            "e2m1:32:e5m0",
            "e2m1:64:e8m0",
            "e2m1:128:e8m0",
            "e1m2:32:e8m0",
            "e3m0:32:e8m0",
            "int4:32:e8m0",
            "e2m0:32:e8m0",
            "e1m1:32:e8m0",
            "int3:32:e8m0",
            "int8:token",
            "int8:channel",
            "int4:token",
            "int4:channel",
            "topk:8");

    private SumErrorTable() {}

    /**
     * Prints the table.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) throws InterruptedException {
        System.out.printf("Signal-to-noise ratio of the sum in dB: partials of %d x %d elements.%n%n", ROWS, COLUMNS);
        System.out.println("| format | bits | inputs | all-gather, N = 2, 4, 8 | two-step, N = 2, 4, 8 |");
        System.out.println("|---|---|---|---|---|");
        for (String text : FORMATS) {
            WireFormat format = WireFormat.parse(text);
            double bits = format.encodedBytes(ROWS, COLUMNS) * 8.0 / ROWS / COLUMNS;
            for (Inputs inputs : Inputs.values()) {
                StringBuilder line = new StringBuilder(
                        String.format(Locale.ROOT, "| `%s` | %.2f | %s |", text, bits, inputs.title()));
                for (Algorithm algorithm : Algorithm.values()) {
                    List<String> cells = new ArrayList<>();
                    for (int ranks : RANKS) {
                        cells.add(String.format(Locale.ROOT, "%.1f", decibels(inputs, algorithm, format, ranks)));
                    }
                    line.append(' ').append(String.join(", ", cells)).append(" |");
                }
                System.out.println(line);
            }
        }
    }

    private static double decibels(Inputs inputs, Algorithm algorithm, WireFormat format, int ranks)
            throws InterruptedException {
        double[] exact = new double[ROWS * COLUMNS];
        float[][] partials = new float[ranks][];
        for (int rank = 0; rank < ranks; rank++) {
            partials[rank] = inputs.partial(rank, ROWS, COLUMNS);
            for (int i = 0; i < exact.length; i++) {
                exact[i] += partials[rank][i];
            }
        }
        float[] sum = exchange(algorithm, format, partials);
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < exact.length; i++) {
            signal += exact[i] * exact[i];
            noise += (sum[i] - exact[i]) * (sum[i] - exact[i]);
        }
        return 10 * Math.log10(signal / noise);
    }

    /** Returns the sum on rank 0; by the contract of collectives all ranks have the same. */
    private static float[] exchange(Algorithm algorithm, WireFormat format, float[][] partials)
            throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        float[][] sums = new float[partials.length][];
        for (Transport transport : InProcessGroup.create(partials.length, Duration.ofMinutes(1))) {
            int rank = transport.rank();
            threads.add(
                    Thread.ofPlatform().start(() -> sums[rank] = sum(transport, algorithm, format, partials[rank])));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return sums[0];
    }

    private static float[] sum(Transport transport, Algorithm algorithm, WireFormat format, float[] partial) {
        try (Arena arena = Arena.ofShared();
                WorkerPool pool = new WorkerPool(1, "rank-" + transport.rank())) {
            MemorySegment own = arena.allocateFrom(ValueLayout.JAVA_FLOAT, partial);
            MemorySegment residual = arena.allocate(own.byteSize(), 64);
            Collective collective = algorithm.create(
                    new FrameExchange(transport),
                    format,
                    new ExchangeCounters(),
                    new ExchangeShape(ROWS, COLUMNS, ROWS),
                    arena);
            collective.sum(0, new HostPort(format, pool, COLUMNS, own, residual), ROWS);
            return residual.toArray(ValueLayout.JAVA_FLOAT);
        } catch (RuntimeException failure) {
            transport.abort(failure);
            throw failure;
        }
    }
}
