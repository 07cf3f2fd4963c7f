package dev.waterspout.benchmarks.kernels;

import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.RandomBlocks;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
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
 * The product of a matrix and one input row or a chunk of rows, on one thread. The matrix has the shape of a small
 * model's attention or of TinyLlama's FFN. Several matrices take turns, so that each is read from memory as in a real
 * forward pass. With {@code -t 2} two threads each run products of their own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class LinearBenchmark {
    private static final long TOTAL_BYTES = 512L << 20;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Counts bytes of weights and operations per second, in addition to calls. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Work {
        /** Bytes of weights read. */
        public long weightBytes;
        /** Multiplications and additions. */
        public long flops;
    }

    /** The tensor type of the weights; after a colon the type that inputs are rounded to, if they are. */
    @Param({"F32", "F16", "BF16", "Q8_0", "Q8_0:INT8", "Q4_0", "Q4_0:INT8", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS", "MXFP4"})
    public String format = "F32";

    /** Rows (outputs) and columns (inputs) of a matrix. */
    @Param({"768x768", "5632x2048"})
    public String shape = "768x768";

    /** Tokens. */
    @Param({"1", "512"})
    public int batch;

    private final Arena arena = Arena.ofShared();
    private final HostScratch scratch = new HostScratch();
    private static final int DISTINCT_BLOCKS = 1 << 12;

    private WeightFormat stored = WeightFormat.F32;
    private HostKernels kernels = HostKernels.vector();
    private WeightMatrix[] matrices = {};
    private MemorySegment x = MemorySegment.NULL;
    private MemorySegment y = MemorySegment.NULL;
    private int rows;
    private int columns;
    private int next;

    /** Fills weights and inputs with random values. */
    @Setup(Level.Trial)
    public void fill() {
        Random random = new Random(1);
        int colon = format.indexOf(':');
        stored = WeightFormat.valueOf(colon < 0 ? format : format.substring(0, colon));
        kernels = HostKernels.vector()
                .withActivations(colon < 0 ? Activations.F32 : Activations.valueOf(format.substring(colon + 1)));
        int by = shape.indexOf('x');
        rows = Integer.parseInt(shape.substring(0, by));
        columns = Integer.parseInt(shape.substring(by + 1));
        long bytes = rows * stored.rowBytes(columns);
        matrices = new WeightMatrix[Math.max(1, (int) (TOTAL_BYTES / bytes))];
        for (int i = 0; i < matrices.length; i++) {
            MemorySegment data = arena.allocate(bytes, 64);
            fill(data, random);
            matrices[i] = WeightMatrix.dense(data, stored, rows, columns);
        }
        x = arena.allocate((long) batch * columns * Float.BYTES, 64);
        y = arena.allocate((long) batch * rows * Float.BYTES, 64);
        for (long at = 0; at < x.byteSize(); at += Float.BYTES) {
            x.set(FLOAT, at, (float) random.nextDouble(-1, 1));
        }
    }

    /** Fills weights with a repeated sequence of random blocks. */
    private void fill(MemorySegment data, Random random) {
        long distinct = Math.min(data.byteSize(), (long) DISTINCT_BLOCKS * stored.blockBytes());
        for (long at = 0; at < distinct; at += stored.blockBytes()) {
            RandomBlocks.fill(random, stored, data, at);
        }
        for (long at = distinct; at < data.byteSize(); at += distinct) {
            MemorySegment.copy(data, 0, data, at, Math.min(distinct, data.byteSize() - at));
        }
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void free() {
        arena.close();
    }

    /** y = x times the transposed weights. */
    @Benchmark
    public MemorySegment linear(Work work) {
        WeightMatrix matrix = matrices[next++ % matrices.length];
        kernels.linear(matrix, x, batch, y, 0, rows, scratch);
        work.weightBytes += matrix.data().byteSize();
        work.flops += 2L * rows * columns * batch;
        return y;
    }
}
