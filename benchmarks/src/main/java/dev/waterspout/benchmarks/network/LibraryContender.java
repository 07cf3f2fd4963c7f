package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.collective.ExchangeCounters;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;

/**
 * Open MPI's MPI_Allreduce as a baseline. It sums f32, or 16-bit integers in place of bf16: MPI has no bf16, and these
 * have the same number of bytes and are no slower to sum.
 */
final class LibraryContender implements Contender {
    private static final Map<String, Element> ELEMENTS = Map.of(
            "f32", new Element("ompi_mpi_float", Float.BYTES), "int16", new Element("ompi_mpi_int16_t", Short.BYTES));

    private final String name;
    private final MethodHandle allReduce;
    private final MemorySegment type;
    private final MemorySegment sum;
    private final MemorySegment world;
    private final MemorySegment source;
    private final MemorySegment target;
    private final int elementBytes;
    private final int columns;
    private final int ranks;

    /** An MPI data type and its size. */
    private record Element(String symbol, int bytes) {}

    /**
     * @param library file name of the library, which must be initialized until the last exchange
     * @param element f32 or int16
     */
    @SuppressWarnings("restricted")
    LibraryContender(String library, String element, int ranks, CollectiveContender.Data data) {
        Element found = ELEMENTS.get(element);
        if (found == null) {
            throw new IllegalArgumentException("mpi:" + element + ": allowed are mpi:f32 and mpi:int16");
        }
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        this.name = "mpi:" + element;
        this.type = symbols.findOrThrow(found.symbol());
        this.sum = symbols.findOrThrow("ompi_mpi_op_sum");
        this.world = symbols.findOrThrow("ompi_mpi_comm_world");
        this.allReduce = Linker.nativeLinker()
                .downcallHandle(
                        symbols.findOrThrow("MPI_Allreduce"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.ADDRESS,
                                ValueLayout.ADDRESS));
        this.source = data.partial();
        this.target = data.arena().allocate(data.partial().byteSize(), 64);
        this.elementBytes = found.bytes();
        this.columns = data.columns();
        this.ranks = ranks;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String detail(int rows) {
        return "";
    }

    @Override
    public int chunkRows() {
        return 0;
    }

    @Override
    public void prepare() {
        // The library is native code, so there is nothing to compile.
    }

    @Override
    public void sum(int rows) {
        int error;
        try {
            error = (int) allReduce.invokeExact(source, target, rows * columns, type, sum, world);
        } catch (Throwable thrown) {
            throw new IllegalStateException(thrown);
        }
        if (error != 0) {
            throw new IllegalStateException("MPI_Allreduce failed with error " + error);
        }
    }

    /** Returns the smallest number of bytes that an all-reduce can send. */
    @Override
    public long bytesSent(int rows) {
        return 2L * (ranks - 1) * rows * columns * elementBytes / ranks;
    }

    @Override
    public ExchangeCounters.Snapshot spent() {
        return ExchangeCounters.Snapshot.ZERO;
    }
}
