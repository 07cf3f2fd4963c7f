package dev.waterspout.benchmarks.kernels;

import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
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
 * Encodes, sums and reduces partials of 512 tokens and width 2048 in each wire format, on one thread. Other formats are
 * used first, as in a process that measures formats before it chooses one.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class CodecBenchmark {
    private static final int ROWS = 512;
    private static final int COLUMNS = 2048;
    private static final int SHARDS = 2;
    /** Formats that are used first; their loops differ. */
    private static final List<String> OTHERS = List.of("f32", "bf16", "f16", "e2m1", "e4m3", "e3m2", "int8:32:f16");

    private static final int OTHER_ROWS = 32;
    private static final int OTHER_ROUNDS = 300;

    /** Counts bytes of f32 per second, in addition to calls. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Work {
        /** Bytes of one partial, as f32. */
        public long f32Bytes;
    }

    /** The wire format. */
    @Param({
        "f32",
        "bf16",
        "f16",
        "e2m1:32:e8m0",
        "e2m1:32:e8m0:rceil",
        "e4m3:32:e8m0",
        "e3m2:32:e8m0",
        "int8:32:f16",
        "e2m1:8:e8m0",
        "int4:token",
        "int8:channel",
        "topk:8"
    })
    public String format = "f32";

    private final Arena arena = Arena.ofShared();
    private final MemorySegment partial = arena.allocate((long) ROWS * COLUMNS * Float.BYTES, 64);
    private final MemorySegment residual = arena.allocate((long) ROWS * COLUMNS * Float.BYTES, 64);
    private PartialCodec codec = PartialCodec.of(WireFormat.parse("f32"));
    private MemorySegment[] shards = {};
    private MemorySegment reduced = MemorySegment.NULL;

    /** Encodes random partials in other formats, and then in this one. */
    @Setup(Level.Trial)
    public void fill() {
        for (int round = 0; round < OTHER_ROUNDS; round++) {
            for (String other : OTHERS) {
                use(PartialCodec.of(WireFormat.parse(other)));
            }
        }
        codec = PartialCodec.of(WireFormat.parse(format));
        reduced = arena.allocate(codec.format().encodedBytes(ROWS, COLUMNS), 64);
        SplittableRandom random = new SplittableRandom(1);
        shards = new MemorySegment[SHARDS];
        for (int shard = 0; shard < SHARDS; shard++) {
            for (long at = 0; at < partial.byteSize(); at += Float.BYTES) {
                partial.set(ValueLayout.JAVA_FLOAT, at, (float) random.nextGaussian());
            }
            shards[shard] = arena.allocate(codec.format().encodedBytes(ROWS, COLUMNS), 64);
            codec.encode(partial, ROWS, COLUMNS, shards[shard]);
        }
    }

    private void use(PartialCodec other) {
        try (Arena some = Arena.ofConfined()) {
            MemorySegment packed = some.allocate(other.format().encodedBytes(OTHER_ROWS, COLUMNS), 64);
            MemorySegment[] both = {packed, packed};
            other.encode(partial, OTHER_ROWS, COLUMNS, packed);
            other.decodeSum(both, OTHER_ROWS, COLUMNS, residual);
            other.reduce(both, OTHER_ROWS, COLUMNS, packed);
        }
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void free() {
        arena.close();
    }

    /** Encodes a partial. */
    @Benchmark
    public MemorySegment encode(Work work) {
        codec.encode(partial, ROWS, COLUMNS, shards[0]);
        work.f32Bytes += partial.byteSize();
        return shards[0];
    }

    /** Adds the sum of two payloads to the residual. */
    @Benchmark
    public MemorySegment decodeSum(Work work) {
        codec.decodeSum(shards, ROWS, COLUMNS, residual);
        work.f32Bytes += partial.byteSize();
        return residual;
    }

    /** Sums two payloads and encodes the sum. */
    @Benchmark
    public MemorySegment reduce(Work work) {
        codec.reduce(shards, ROWS, COLUMNS, reduced);
        work.f32Bytes += partial.byteSize();
        return reduced;
    }
}
