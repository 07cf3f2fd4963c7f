package dev.waterspout.benchmarks.kernels;

import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.KvCacheView;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.host.RotaryTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The operations between the matrix products of a layer with TinyLlama's shape, for one token and for a chunk, on one
 * thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class OperationsBenchmark {
    private static final int WIDTH = 2048;
    private static final int FFN = 5632;
    private static final int HEADS = 32;
    private static final int KV_HEADS = 4;
    private static final int HEAD_DIM = 64;
    private static final int CONTEXT = 1024;
    private static final float EPSILON = 1e-5f;

    /** Counts bytes of operands and operations per second, in addition to calls. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Work {
        /** Bytes read and written, each operand once. */
        public long bytes;
        /** Multiplications and additions; an exponential counts as one. */
        public long flops;
    }

    /** Tokens. */
    @Param({"1", "512"})
    public int rows;

    private final Arena arena = Arena.ofShared();
    private final HostScratch scratch = new HostScratch();
    private final HostKernels kernels = HostKernels.vector();
    private MemorySegment hidden = MemorySegment.NULL;
    private MemorySegment normed = MemorySegment.NULL;
    private MemorySegment weight = MemorySegment.NULL;
    private MemorySegment gate = MemorySegment.NULL;
    private MemorySegment up = MemorySegment.NULL;
    private MemorySegment keys = MemorySegment.NULL;
    private MemorySegment values = MemorySegment.NULL;

    /** Fills all operands with random values. */
    @Setup(Level.Trial)
    public void fill() {
        SplittableRandom random = new SplittableRandom(1);
        hidden = floats(random, (long) rows * WIDTH);
        normed = floats(random, (long) rows * WIDTH);
        weight = floats(random, WIDTH);
        gate = floats(random, (long) rows * FFN);
        // Gates are updated in place. Values other than 0 would shrink to subnormal numbers, which make the operation
        // many times slower.
        up = floats(random, (long) rows * FFN).fill((byte) 0);
        keys = floats(random, (long) KV_HEADS * CONTEXT * HEAD_DIM);
        values = floats(random, (long) KV_HEADS * CONTEXT * HEAD_DIM);
    }

    private MemorySegment floats(SplittableRandom random, long count) {
        MemorySegment segment = arena.allocate(count * Float.BYTES, 64);
        for (long i = 0; i < count; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
        }
        return segment;
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void free() {
        arena.close();
    }

    /** Root-mean-square norm of the residual stream. */
    @Benchmark
    public MemorySegment rmsNorm(Work work) {
        kernels.rmsNorm(hidden, weight, EPSILON, normed, WIDTH, 0, rows);
        work.bytes += 2L * rows * WIDTH * Float.BYTES;
        work.flops += 4L * rows * WIDTH;
        return normed;
    }

    /** Rotary embedding of all query heads. */
    @Benchmark
    public MemorySegment rope(Work work, Rotation rotation) {
        kernels.rope(rotation.table, 0, normed, new HeadShape(HEADS, HEAD_DIM), 0, rows);
        work.bytes += 2L * rows * WIDTH * Float.BYTES;
        work.flops += 3L * rows * WIDTH;
        return normed;
    }

    /** SwiGLU's activation and product. */
    @Benchmark
    public MemorySegment swiglu(Work work) {
        kernels.gate(GateFunction.SWIGLU, gate, up, 0, rows * FFN);
        work.bytes += 3L * rows * FFN * Float.BYTES;
        work.flops += 4L * rows * FFN;
        return gate;
    }

    /** Attention of the last tokens of a context of 1024, softmax included. */
    @Benchmark
    public MemorySegment attention(Work work) {
        int first = CONTEXT - rows;
        KvCacheView cache = new KvCacheView(keys, values, CacheType.F32, KV_HEADS, CONTEXT, HEAD_DIM);
        AttentionCall call = new AttentionCall(cache, hidden, normed, HEADS, first, rows);
        kernels.attention(call, 0, call.units(), scratch);
        long pairs = (long) rows * (first + 1 + CONTEXT) / 2;
        work.bytes += 2L * KV_HEADS * CONTEXT * HEAD_DIM * Float.BYTES;
        work.flops += 4L * pairs * HEADS * HEAD_DIM;
        return normed;
    }

    /** The angles of a chunk. */
    @State(Scope.Thread)
    public static class Rotation {
        private final Arena arena = Arena.ofShared();
        private final RotaryTable table = RotaryTable.allocate(arena, 512, HEAD_DIM, RopePairing.ADJACENT);

        /** Computes the angles. */
        @Setup(Level.Trial)
        public void fill() {
            for (int row = 0; row < table.rows(); row++) {
                for (int pair = 0; pair < HEAD_DIM / 2; pair++) {
                    double angle = row * Math.pow(10_000, -2.0 * pair / HEAD_DIM);
                    table.set(row, pair, (float) Math.cos(angle), (float) Math.sin(angle));
                }
            }
        }

        /** Frees the memory. */
        @TearDown(Level.Trial)
        public void free() {
            arena.close();
        }
    }
}
