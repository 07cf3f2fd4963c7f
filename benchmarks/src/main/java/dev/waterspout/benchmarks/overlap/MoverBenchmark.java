package dev.waterspout.benchmarks.overlap;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures how much the progress of messages slows a matrix product, if the first worker polls between two tiles, or a
 * separate thread polls and sleeps between polls. A poll is simulated by one microsecond of waiting every 50
 * microseconds. Both variants alternate with the product alone.
 */
public final class MoverBenchmark {
    private static final long NAP_NANOS = 50_000;
    private static final long MOVE_NANOS = 1_000;
    private static final int TOKENS = 256;
    private static final int WARM_UP = 50;
    private static final int PRODUCTS = 4;
    private static final int GRAIN = 16;

    private static volatile boolean naps;
    private static long moved;

    private MoverBenchmark() {}

    /**
     * Prints the ratios.
     *
     * @param arguments model file, threads, rounds
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != 3) {
            throw new IllegalArgumentException(arguments.length + " arguments; they are MODEL THREADS ROUNDS");
        }
        int threads = Integer.parseInt(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        try (Model model = new Model(GgufFile.open(Path.of(arguments[0])));
                WorkerPool pool = new WorkerPool(threads, "worker");
                Arena arena = Arena.ofShared()) {
            Thread.ofPlatform().daemon().start(MoverBenchmark::nap);
            double[][] nanos = measure(model.matrix(TensorRole.FFN_GATE, 0), pool, arena, rounds);
            print("between tiles", nanos[1], nanos[0]);
            print("by a separate thread", nanos[2], nanos[0]);
        }
    }

    private static double[][] measure(WeightMatrix weights, WorkerPool pool, Arena arena, int rounds)
            throws InterruptedException {
        MemorySegment x = arena.allocate((long) TOKENS * weights.columns() * Float.BYTES, 64);
        MemorySegment y = arena.allocate((long) TOKENS * weights.rows() * Float.BYTES, 64);
        Random random = new Random(1);
        for (long i = 0; i < x.byteSize() / Float.BYTES; i++) {
            x.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        HostScratch[] scratch = new HostScratch[pool.threads()];
        Arrays.setAll(scratch, _ -> new HostScratch());
        HostKernels kernels =
                HostKernels.vector().withActivations(Activations.INT8).withMachineCode();
        double[][] nanos = new double[3][rounds];
        for (int round = -WARM_UP; round < rounds; round++) {
            for (int way = 0; way < nanos.length; way++) {
                scratch[0].betweenTiles(way == 1 ? MoverBenchmark::moveNowAndThen : () -> {});
                naps = way == 2;
                Thread.sleep(1);
                long start = System.nanoTime();
                for (int product = 0; product < PRODUCTS; product++) {
                    pool.run(
                            weights.rows(),
                            GRAIN,
                            (worker, from, to) -> kernels.linear(weights, x, TOKENS, y, from, to, scratch[worker]));
                }
                long spent = System.nanoTime() - start;
                naps = false;
                if (round >= 0) {
                    nanos[way][round] = spent;
                }
            }
        }
        return nanos;
    }

    private static void nap() {
        while (true) {
            LockSupport.parkNanos(naps ? NAP_NANOS : 100 * NAP_NANOS);
            if (naps) {
                move();
            }
        }
    }

    private static void moveNowAndThen() {
        long now = System.nanoTime();
        if (now - moved >= NAP_NANOS) {
            move();
            moved = System.nanoTime();
        }
    }

    private static void move() {
        long until = System.nanoTime() + MOVE_NANOS;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    private static void print(String name, double[] with, double[] without) {
        double[] ratios = new double[with.length];
        Arrays.setAll(ratios, round -> with[round] / without[round]);
        Arrays.sort(ratios);
        System.out.printf(
                Locale.ROOT,
                "%s: %.3f of the product alone (quartiles %.3f and %.3f)%n",
                name,
                ratios[ratios.length / 2],
                ratios[ratios.length / 4],
                ratios[3 * ratios.length / 4]);
    }
}
