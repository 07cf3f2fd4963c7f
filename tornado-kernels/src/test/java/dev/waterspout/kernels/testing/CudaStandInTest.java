package dev.waterspout.kernels.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The stand-in for the CUDA driver runs CUDA C as a GPU does, and finds errors. {@code src/test/cuda/run} runs this.
 */
class CudaStandInTest {
    private static final int INVALID_VALUE = 1;
    private static final int OUT_OF_MEMORY = 2;
    private static final int ILLEGAL_ADDRESS = 700;
    private static final int CAPTURE_UNSUPPORTED = 900;
    private static final int NVRTC_COMPILATION = 6;
    private static final long DEFAULT_STREAM = 0;
    private static final int SIZE = 128;

    private final Arena arena = Arena.ofConfined();
    private CudaStandIn driver;
    private long data;

    @BeforeEach
    void context() {
        driver = CudaStandIn.find()
                .orElseGet(() -> Assumptions.abort(
                        "skipped: the stand-in is not running; src/test/cuda/run starts commands on it"));
        driver.expectErrors(true);
        require("cuInit", 0);
        require("cuCtxCreate_v4", arena.allocate(ADDRESS), MemorySegment.NULL, 0, 0);
        data = allocate(SIZE * Integer.BYTES);
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.expectErrors(false);
        }
        arena.close();
    }

    private void require(String name, Object... arguments) {
        assertThat(driver.call(name, arguments)).as(name).isZero();
    }

    private long allocate(long bytes) {
        MemorySegment begin = arena.allocate(JAVA_LONG);
        require("cuMemAlloc_v2", begin, bytes);
        return begin.get(JAVA_LONG, 0);
    }

    private void write(int... values) {
        require("cuMemcpyHtoDAsync_v2", data, ints(values), 4L * values.length, DEFAULT_STREAM);
    }

    private MemorySegment ints(int... values) {
        return arena.allocateFrom(JAVA_INT, values);
    }

    private int[] read(int count) {
        MemorySegment values = arena.allocate(JAVA_INT, count);
        require("cuMemcpyDtoHAsync_v2", values, data, 4L * count, DEFAULT_STREAM);
        return values.toArray(JAVA_INT);
    }

    /** Compiles the kernel {@code k(int *x, int n)}. */
    private long kernel(String body) {
        MemorySegment module = arena.allocate(ADDRESS);
        require("cuModuleLoadDataEx", module, image(body), 0, MemorySegment.NULL, MemorySegment.NULL);
        MemorySegment function = arena.allocate(JAVA_LONG);
        require("cuModuleGetFunction", function, module.get(ADDRESS, 0), arena.allocateFrom("k"));
        return function.get(JAVA_LONG, 0);
    }

    private MemorySegment image(String body) {
        MemorySegment program = program(body);
        require("nvrtcCompileProgram", program, 0, MemorySegment.NULL);
        MemorySegment size = arena.allocate(JAVA_LONG);
        require("nvrtcGetCUBINSize", program, size);
        MemorySegment image = arena.allocate(size.get(JAVA_LONG, 0));
        require("nvrtcGetCUBIN", program, image);
        return image;
    }

    private MemorySegment program(String body) {
        MemorySegment program = arena.allocate(ADDRESS);
        MemorySegment source = arena.allocateFrom(source(body));
        MemorySegment none = MemorySegment.NULL;
        require("nvrtcCreateProgram", program, source, none, 0, none, none);
        return program.get(ADDRESS, 0);
    }

    private static String source(String body) {
        return "extern \"C\" __global__ void k(int *x, int n) {\n"
                + "  int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;\n" + body + "\n}\n";
    }

    private int launch(long kernel, int blocks, int threads, int n, long stream) {
        MemorySegment arguments = arena.allocate(ADDRESS, 2);
        arguments.setAtIndex(ADDRESS, 0, arena.allocateFrom(JAVA_LONG, data));
        arguments.setAtIndex(ADDRESS, 1, arena.allocateFrom(JAVA_INT, n));
        return driver.call(
                "cuLaunchKernel", kernel, blocks, 1, 1, threads, 1, 1, 0, stream, arguments, MemorySegment.NULL);
    }

    private void run(String body, int blocks, int threads, int n) {
        assertThat(launch(kernel(body), blocks, threads, n, DEFAULT_STREAM)).isZero();
    }

    @Test
    void newMemoryIsNotZero() {
        assertThat(read(2)).containsOnly(0xA5A5A5A5);
    }

    @Test
    void everyThreadOfEveryBlockRuns() {
        write(new int[SIZE]);
        run("if (i < n) x[i] += i * i;", 4, 32, 100);
        assertThat(read(SIZE))
                .isEqualTo(
                        IntStream.range(0, SIZE).map(i -> i < 100 ? i * i : 0).toArray());
    }

    @Test
    void threadsOfABlockSeeWhatOthersWroteBeforeABarrier() {
        write(IntStream.range(0, SIZE).toArray());
        run("""
            __shared__ int s[64];
            for (int round = 0; round < n; round++) {
              s[t] = x[i];
              __syncthreads();
              x[i] = s[(t + 1) % 64];
              __syncthreads();
            }
            """, 2, 64, 3);
        assertThat(read(SIZE))
                .isEqualTo(IntStream.range(0, SIZE)
                        .map(i -> i / 64 * 64 + (i + 3) % 64)
                        .toArray());
    }

    @Test
    void lanesOfAWarpExchangeWhileOtherWarpsDoNot() {
        write(IntStream.range(0, SIZE).toArray());
        run("""
            int sum = x[i];
            for (int round = 0; round < (t < 32 ? 1 : 2); round++) {
              for (int d = 16; d > 0; d /= 2) sum += __shfl_down_sync(0xffffffff, sum, d);
              sum = __shfl_sync(0xffffffff, sum, 0);
            }
            x[i] = __shfl_xor_sync(0xffffffff, sum + t % 32, 1);
            """, 1, 64, 0);
        assertThat(Arrays.copyOf(read(SIZE), 64))
                .isEqualTo(IntStream.range(0, 64)
                        .map(i -> (i < 32 ? 31 * 16 : 32 * (31 * 16 + 32 * 32)) + (i % 32 ^ 1))
                        .toArray());
    }

    @Test
    void fourProductsOfBytesAreSummed() {
        write(0x01FF807F, 0x02030405, 1000, 0);
        run(
                "asm(\"dp4a.s32.s32 %0, %1, %2, %3;\" : \"=r\"(x[3]) : \"r\"(*((int *) (x))), \"r\"(x[1]),"
                        + " \"r\"(x[2]));",
                1, 1, 0);
        assertThat(read(4)[3]).isEqualTo(1000 + 2 - 3 - 128 * 4 + 127 * 5);
    }

    /** A of 16 x 16 numbers from byte n on, and B of 16 x 8, as TornadoVM's CUDA backend loads and multiplies them. */
    private static final String MATRICES = """
        __shared__ unsigned a[132], b[64];
        for (int e = t; e < 128; e += 32) {
          a[e + n / 4] = __float_as_uint(2 * e % 5) >> 16 | __float_as_uint((2 * e + 1) % 5) & 0xFFFF0000;
        }
        for (int e = t; e < 64; e += 32) {
          b[e] = __float_as_uint(2 * e % 7) >> 16 | __float_as_uint((2 * e + 1) % 7) & 0xFFFF0000;
        }
        __syncthreads();
        unsigned sa, sb, fa[4], fb[2];
        float d[4], c[4] = {0.5f, 0.5f, 0.5f, 0.5f};
        asm volatile("{ .reg .u64 u; cvta.to.shared.u64 u, %1; cvt.u32.u64 %0, u; }"
            : "=r"(sa) : "l"((const char *) a + n + (t & 7) * 32 + (t >> 3 & 1) * 256 + (t >> 4) * 16));
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
            : "=r"(fa[0]), "=r"(fa[1]), "=r"(fa[2]), "=r"(fa[3]) : "r"(sa));
        asm volatile("{ .reg .u64 u; cvta.to.shared.u64 u, %1; cvt.u32.u64 %0, u; }"
            : "=r"(sb) : "l"((const char *) b + (t & 7) * 16 + (t >> 3 & 1) * 128));
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
            : "=r"(fb[0]), "=r"(fb[1]) : "r"(sb));
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"
            " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};"
            : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3]) : "r"(fa[0]), "r"(fa[1]), "r"(fa[2]), "r"(fa[3]),
              "r"(fb[0]), "r"(fb[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
        for (int e = 0; e < 4; e++) x[4 * t + e] = 2 * d[e];
        """;

    @Test
    void aWarpMultipliesMatrices() {
        run(MATRICES, 1, 32, 16);
        assertThat(read(SIZE))
                .isEqualTo(IntStream.range(0, SIZE)
                        .map(i -> {
                            int row = i / 16 + i % 4 / 2 * 8;
                            int column = i / 4 % 4 * 2 + i % 2;
                            return 1
                                    + 2
                                            * IntStream.range(0, 16)
                                                    .map(k -> (16 * row + k) % 5 * ((8 * k + column) % 7))
                                                    .sum();
                        })
                        .toArray());
        assertThat(launch(kernel(MATRICES), 1, 32, 8, DEFAULT_STREAM)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(driver.lastError())
                .isEqualTo("kernel k: a row of a matrix is not aligned to 16 bytes, block 0,0,0 thread 0,0,0");
    }

    private void assertFinds(String body, int threads, String error) {
        write(new int[SIZE]);
        assertThat(launch(kernel(body), 1, threads, SIZE, DEFAULT_STREAM)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(driver.lastError()).isEqualTo("kernel k: " + error);
    }

    @Test
    void accessesOutsideOfAnArrayAreFound() {
        assertFinds("if (t == 5) x[n] = 1;", 8, "write of 4 bytes outside of any allocation, block 0,0,0 thread 5,0,0");
        assertFinds(
                "if (t == 6) x[0] = x[-1];", 8, "read of 4 bytes outside of any allocation, block 0,0,0 thread 6,0,0");
        assertFinds(
                "if (t == 7) *(short *) ((char *) x + 4 * n - 1) = 1;",
                8,
                "write of 2 bytes outside of any allocation, block 0,0,0 thread 7,0,0");
    }

    @Test
    void accessesOfReleasedMemoryAreFound() {
        require("cuMemFree_v2", data);
        assertThat(launch(kernel("x[i] = 1;"), 1, 1, SIZE, DEFAULT_STREAM)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(driver.call("cuMemFree_v2", data)).isEqualTo(INVALID_VALUE);
    }

    @Test
    void barriersThatNotAllThreadsReachAreFound() {
        assertFinds(
                "if (t < 40) __syncthreads(); x[i] = 1;",
                64,
                "divergent barrier: 40 threads wait, 24 have ended, block 0,0,0 thread 63,0,0");
        assertFinds(
                "if (t < 16) x[i] = __shfl_sync(0xffffffff, t, 0);",
                32,
                "divergent warp: 16 lanes exchange, 0 wait for the block, 16 have ended, block 0,0,0 thread 31,0,0");
        assertFinds(
                "x[i] = __shfl_xor_sync(0xffffffff, t, 1);",
                40,
                "the last warp of a block of 40 threads exchanges values, and has 8 lanes, block 0,0,0 thread 32,0,0");
    }

    @Test
    void copiesAndLaunchesThatNoDeviceTakesAreRefused() {
        assertThat(driver.call("cuMemcpyHtoDAsync_v2", data, ints(1, 2), 4L * SIZE + 1, DEFAULT_STREAM))
                .isEqualTo(INVALID_VALUE);
        assertThat(driver.lastError()).isEqualTo("cuMemcpyHtoDAsync of 513 bytes outside of any allocation");
        assertThat(launch(kernel("x[i] = 1;"), 1, 2048, SIZE, DEFAULT_STREAM)).isEqualTo(INVALID_VALUE);
        assertThat(driver.call("cuMemAlloc_v2", arena.allocate(JAVA_LONG), 1L << 50))
                .isEqualTo(OUT_OF_MEMORY);
    }

    @Test
    void sourcesThatDoNotCompileAreRefusedWithALog() {
        MemorySegment program = program("x[i] = nothing;");
        assertThat(driver.call("nvrtcCompileProgram", program, 0, MemorySegment.NULL))
                .isEqualTo(NVRTC_COMPILATION);
        MemorySegment log = arena.allocate(1 << 16);
        require("nvrtcGetProgramLog", program, log);
        assertThat(log.getString(0)).contains("nothing");
    }

    @Test
    void kernelsAreCompiledForAGpuWhereThereIsACompiler() {
        String body = "x[i] = i;";
        kernel(body);
        String said = driver.judgement(source(body));
        Assumptions.assumeFalse(
                said.isEmpty(), "skipped: CUDA_STANDIN_SM90 is not set, or there is neither NVRTC nor nvcc");
        assertThat(said).contains("for 'sm_90'", "0 bytes spill stores").containsPattern("Used [0-9]+ registers");
        MemorySegment ofThisProcessor = program("__builtin_ia32_pause();");
        assertThat(driver.call("nvrtcCompileProgram", ofThisProcessor, 0, MemorySegment.NULL))
                .isEqualTo(NVRTC_COMPILATION);
        assertThat(driver.lastError()).startsWith("refused for sm_90");
    }

    @Test
    void graphsRunWhenTheyAreLaunchedAndNotWhenTheyAreCaptured() {
        write(new int[SIZE]);
        long kernel = kernel("x[i] += n;");
        MemorySegment input = ints(1, 10);
        MemorySegment stream = arena.allocate(JAVA_LONG);
        require("cuStreamCreate", stream, 0);
        long capturing = stream.get(JAVA_LONG, 0);
        long launches = driver.count("launches");

        require("cuStreamBeginCapture_v2", capturing, 0);
        require("cuMemcpyHtoDAsync_v2", data, input, 8L, capturing);
        assertThat(launch(kernel, 1, 2, 5, capturing)).isZero();
        MemorySegment graph = arena.allocate(JAVA_LONG);
        require("cuStreamEndCapture", capturing, graph);
        assertThat(read(2)).containsExactly(0, 0);

        MemorySegment executable = arena.allocate(JAVA_LONG);
        require("cuGraphInstantiateWithFlags", executable, graph.get(JAVA_LONG, 0), 0L);
        require("cuGraphLaunch", executable.get(JAVA_LONG, 0), capturing);
        assertThat(read(2)).containsExactly(6, 15);
        input.setAtIndex(JAVA_INT, 1, 100); // a graph reads the host's memory when it is launched
        require("cuGraphLaunch", executable.get(JAVA_LONG, 0), capturing);
        assertThat(read(2)).containsExactly(6, 105);
        assertThat(driver.count("launches")).isEqualTo(launches);
        assertThat(driver.count("graph launches")).isGreaterThanOrEqualTo(2);
    }

    @Test
    void waitingForAStreamThatCapturesEndsTheCapture() {
        MemorySegment stream = arena.allocate(JAVA_LONG);
        require("cuStreamCreate", stream, 0);
        long capturing = stream.get(JAVA_LONG, 0);
        require("cuStreamBeginCapture_v2", capturing, 0);
        assertThat(driver.call("cuStreamSynchronize", capturing)).isEqualTo(CAPTURE_UNSUPPORTED);
        assertThat(driver.call("cuStreamEndCapture", capturing, arena.allocate(JAVA_LONG)))
                .isEqualTo(CAPTURE_UNSUPPORTED);
    }

    @Test
    void memoryIsNotAllocatedWhileAStreamCaptures() {
        MemorySegment stream = arena.allocate(JAVA_LONG);
        require("cuStreamCreate", stream, 0);
        long capturing = stream.get(JAVA_LONG, 0);
        require("cuStreamBeginCapture_v2", capturing, 0);
        assertThat(driver.call("cuMemAlloc_v2", arena.allocate(JAVA_LONG), 4L)).isEqualTo(CAPTURE_UNSUPPORTED);
        assertThat(driver.call("cuCtxSynchronize")).isEqualTo(CAPTURE_UNSUPPORTED);
        require("cuStreamEndCapture", capturing, arena.allocate(JAVA_LONG));
        allocate(4);
    }

    private long handle(String create, Object... arguments) {
        MemorySegment created = arena.allocate(JAVA_LONG);
        Object[] all = new Object[arguments.length + 1];
        all[0] = created;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        require(create, all);
        return created.get(JAVA_LONG, 0);
    }

    /** Orders later work of a stream behind the present work of another one. */
    private void order(long before, long after) {
        long event = handle("cuEventCreate", 2);
        require("cuEventRecord", event, before);
        require("cuStreamWaitEvent", after, event, 0);
    }

    /** Returns the graph of one launch. */
    private long graph(long kernel) {
        long stream = handle("cuStreamCreate", 0);
        require("cuStreamBeginCapture_v2", stream, 0);
        assertThat(launch(kernel, 1, 1, 1, stream)).isZero();
        MemorySegment graph = arena.allocate(JAVA_LONG);
        require("cuStreamEndCapture", stream, graph);
        return handle("cuGraphInstantiateWithFlags", graph.get(JAVA_LONG, 0), 0L);
    }

    /** What orders two streams: nothing, an event, or a wait for the first one by this or another thread. */
    enum Between {
        NOTHING,
        EVENT,
        WAIT,
        WAIT_OF_ANOTHER_THREAD
    }

    private void order(Between between, long before, long after) throws InterruptedException {
        switch (between) {
            case NOTHING -> {}
            case EVENT -> order(before, after);
            case WAIT -> require("cuStreamSynchronize", before);
            case WAIT_OF_ANOTHER_THREAD -> {
                Thread other = new Thread(() -> driver.call("cuStreamSynchronize", before));
                other.start();
                other.join();
            }
        }
    }

    /**
     * A kernel in one stream writes an array, a copy between devices in another stream reads it, and a graph in the
     * first stream writes it again.
     */
    @ParameterizedTest
    @CsvSource({
        "EVENT, EVENT, 0, ''",
        "WAIT, WAIT, 0, ''",
        "NOTHING, EVENT, 1, cuMemcpyPeerAsync is not ordered behind kernel k",
        "WAIT_OF_ANOTHER_THREAD, EVENT, 1, cuMemcpyPeerAsync is not ordered behind kernel k",
        "EVENT, NOTHING, 1, kernel k is not ordered behind cuMemcpyPeerAsync",
        "NOTHING, NOTHING, 2, kernel k is not ordered behind cuMemcpyPeerAsync",
    })
    void copiesBetweenDevicesAreOrdered(Between writeAndCopy, Between copyAndWrite, long errors, String last)
            throws InterruptedException {
        long kernel = kernel("x[i] = n;");
        long graph = graph(kernel);
        long target = allocate(4);
        long writer = handle("cuStreamCreate", 0);
        long reader = handle("cuStreamCreate", 0);
        long before = driver.count("errors");
        assertThat(launch(kernel, 1, 1, 1, writer)).isZero();
        order(writeAndCopy, writer, reader);
        require("cuMemcpyPeerAsync", target, 0L, data, 0L, 4L, reader);
        order(copyAndWrite, reader, writer);
        require("cuGraphLaunch", graph, writer);
        assertThat(driver.count("errors") - before).isEqualTo(errors);
        if (errors > 0) {
            assertThat(driver.lastError()).startsWith(last).contains("of another stream");
        }
    }

    /** Two streams may read an array at the same time. */
    @Test
    void aKernelMayReadWhatIsBeingCopied() {
        long kernel = kernel("if (x[i] == n + 1) x[i] = 0;");
        long reader = handle("cuStreamCreate", 0);
        write(new int[SIZE]);
        order(DEFAULT_STREAM, reader);
        long before = driver.count("errors");
        require("cuMemcpyPeerAsync", allocate(4), 0L, data, 0L, 4L, reader);
        assertThat(launch(kernel, 1, 1, 1, DEFAULT_STREAM)).isZero();
        assertThat(driver.count("errors")).isEqualTo(before);
    }
}
