package dev.waterspout.kernels.probe;

import dev.waterspout.kernels.machine.ByteProbe;
import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Measures {@link HostCeiling} on the worker threads that run the kernels, with the Vector API and machine code, as
 * the kernels do.
 */
public final class HostProbe {
    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

    /** Bytes to allocate: several times the last-level cache of most machines, and a small part of their memory. */
    private static final long OWN_BYTES = 256L << 20;
    /** The fewest bytes of which a cache holds only a small part. */
    private static final long LEAST_BYTES = 128L << 20;

    private static final long MOST_BYTES = 512L << 20;
    /** Bytes that one call reads, as two streams. With one stream the prefetcher is idle at the end of every page. */
    private static final int PIECE_BYTES = 2 << 20;

    private static final int CHAINS = 12;
    private static final int STEPS = 20_000;
    private static final int STEPS_PER_THREAD = 64;
    /** Time to warm up; the JIT compiler needs less. */
    private static final long WARM_UP_NANOS = 600_000_000;

    private static final long MEASURE_NANOS = 600_000_000;
    /** The fraction of passes that may be faster than the reported speed. */
    private static final double OUTLIERS = 0.1;

    private final WorkerPool pool;
    private final long warmUpNanos;
    private final long measureNanos;
    /** Collects every result, so that the compiler cannot remove a loop. */
    private final LongAdder results = new LongAdder();

    HostProbe(WorkerPool pool, long warmUpNanos, long measureNanos) {
        this.pool = pool;
        this.warmUpNanos = warmUpNanos;
        this.measureNanos = measureNanos;
    }

    /**
     * Measures all limits, in three to four seconds. The reported speed is the 90th percentile of all passes:
     * disturbances make a pass slower, and the clock of a virtual machine makes a few passes look too fast.
     *
     * @param pool the worker threads to measure
     * @param weights weights of a model, which are read from the mapped file, since its pages may be read at another
     *     speed than allocated ones; where they are few enough to stay in a cache, 256 MB of memory are allocated
     *     instead
     */
    public static HostCeiling measure(WorkerPool pool, MemorySegment weights) {
        HostProbe probe = new HostProbe(pool, WARM_UP_NANOS, MEASURE_NANOS);
        return new HostCeiling(
                pool.threads(), probe.readBytesPerSecond(weights), probe.flopsPerSecond(), probe.byteOpsPerSecond());
    }

    /** Measures reads. */
    private double readBytesPerSecond(MemorySegment weights) {
        if (weights.byteSize() >= LEAST_BYTES) {
            return readRepeatedly(weights.asSlice(0, Math.min(weights.byteSize(), MOST_BYTES)));
        }
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(OWN_BYTES, PIECE_BYTES);
            // Pages that were never written all map to one page of zeros, which stays in the cache.
            memory.fill((byte) 1);
            return readRepeatedly(memory);
        }
    }

    /**
     * Measures reads, in bytes per second.
     *
     * @param memory read repeatedly until the time is over
     */
    double readRepeatedly(MemorySegment memory) {
        int pieces = (int) (memory.byteSize() / PIECE_BYTES);
        double seconds = fastest(() -> pool.run(pieces, 1, (worker, from, to) -> {
            long sum = 0;
            for (int piece = from; piece < to; piece++) {
                sum += read(memory, (long) piece * PIECE_BYTES);
            }
            results.add(sum);
        }));
        return (double) pieces * PIECE_BYTES / seconds;
    }

    /** Measures multiply-adds. */
    double flopsPerSecond() {
        int threads = pool.threads();
        double seconds = fastest(() -> pool.run(threads * STEPS_PER_THREAD, STEPS_PER_THREAD, (worker, from, to) -> {
            float sum = 0;
            for (int step = from; step < to; step++) {
                sum += multiply(1 + worker * 1e-6f, STEPS);
            }
            results.add((long) sum);
        }));
        return 2.0 * threads * STEPS_PER_THREAD * STEPS * CHAINS * FLOATS.length() / seconds;
    }

    /** Measures multiply-adds of bytes in machine code. */
    double byteOpsPerSecond() {
        ByteProbe probe = MachineCode.shared().map(MachineCode::byteProbe).orElse(null);
        if (probe == null) {
            return 0;
        }
        int threads = pool.threads();
        double seconds = fastest(() -> pool.run(threads * STEPS_PER_THREAD, STEPS_PER_THREAD, (worker, from, to) -> {
            for (int step = from; step < to; step++) {
                probe.run();
            }
        }));
        return (double) threads * STEPS_PER_THREAD * probe.operations() / seconds;
    }

    /** Returns the sum of the results of all loops so far. */
    long results() {
        return results.sum();
    }

    private double fastest(Runnable pass) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < warmUpNanos) {
            pass.run();
        }
        List<Long> times = new ArrayList<>();
        long measured = System.nanoTime();
        do {
            long begun = System.nanoTime();
            pass.run();
            times.add(System.nanoTime() - begun);
        } while (System.nanoTime() - measured < measureNanos);
        Collections.sort(times);
        return times.get((int) (times.size() * OUTLIERS)) / 1e9;
    }

    /** Sums a piece of memory as two streams. */
    private static long read(MemorySegment memory, long offset) {
        int step = LONGS.vectorByteSize();
        long half = PIECE_BYTES / 2;
        LongVector a = LongVector.zero(LONGS);
        LongVector b = a;
        LongVector c = a;
        LongVector d = a;
        for (long at = offset; at < offset + half; at += 2L * step) {
            a = a.add(LongVector.fromMemorySegment(LONGS, memory, at, ORDER));
            b = b.add(LongVector.fromMemorySegment(LONGS, memory, at + step, ORDER));
            c = c.add(LongVector.fromMemorySegment(LONGS, memory, at + half, ORDER));
            d = d.add(LongVector.fromMemorySegment(LONGS, memory, at + half + step, ORDER));
        }
        return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
    }

    /**
     * Twelve independent chains of multiply-adds: more than latency times number of units on any CPU. Local variables
     * keep them in registers.
     */
    private static float multiply(float seed, int steps) {
        FloatVector factor = FloatVector.broadcast(FLOATS, 0.5f);
        FloatVector addend = FloatVector.broadcast(FLOATS, seed);
        FloatVector a = addend;
        FloatVector b = a.add(factor);
        FloatVector c = b.add(factor);
        FloatVector d = c.add(factor);
        FloatVector e = d.add(factor);
        FloatVector f = e.add(factor);
        FloatVector g = f.add(factor);
        FloatVector h = g.add(factor);
        FloatVector i = h.add(factor);
        FloatVector j = i.add(factor);
        FloatVector k = j.add(factor);
        FloatVector l = k.add(factor);
        for (int step = 0; step < steps; step++) {
            a = a.fma(factor, addend);
            b = b.fma(factor, addend);
            c = c.fma(factor, addend);
            d = d.fma(factor, addend);
            e = e.fma(factor, addend);
            f = f.fma(factor, addend);
            g = g.fma(factor, addend);
            h = h.fma(factor, addend);
            i = i.fma(factor, addend);
            j = j.fma(factor, addend);
            k = k.fma(factor, addend);
            l = l.fma(factor, addend);
        }
        return a.add(b)
                .add(c.add(d))
                .add(e.add(f))
                .add(g.add(h))
                .add(i.add(j))
                .add(k.add(l))
                .reduceLanes(VectorOperators.ADD);
    }
}
