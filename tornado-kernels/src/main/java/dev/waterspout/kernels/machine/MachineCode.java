package dev.waterspout.kernels.machine;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The micro-kernels in machine code that this process has emitted. Each is compared with its scalar definition before
 * it is used; one that differs is never used, and a warning is printed.
 */
public final class MachineCode {
    private static final System.Logger LOGGER = System.getLogger(MachineCode.class.getName());

    /** Runs a function: the processor, or a simulator of it. */
    interface Runner {
        /** Calls with six numbers. */
        void call(List<Instruction> code, long a, long b, long c, long d, long e, long f);
    }

    /** A function that has been emitted. */
    interface Function {
        /** Calls it with six numbers. */
        void call(long a, long b, long c, long d, long e, long f);
    }

    private final Isa isa;
    private final @Nullable Runner simulator;
    private final Map<Object, Function> functions = new ConcurrentHashMap<>();
    private final Map<Quants, Optional<ByteKernels>> bytes = new ConcurrentHashMap<>();
    private final Map<FloatTile, Optional<FloatKernels>> floats = new ConcurrentHashMap<>();

    private final Map<ValueTile, Optional<ValueKernels>> values = new ConcurrentHashMap<>();
    private final Map<ExponentialTile, Optional<ExponentialKernels>> exponentials = new ConcurrentHashMap<>();
    private final Map<SwigluTile, Optional<SwigluKernels>> gates = new ConcurrentHashMap<>();
    private final Map<Integer, Optional<ElementKernels>> elements = new ConcurrentHashMap<>();
    private final Map<RotaryTile, Optional<RotaryKernels>> rotaries = new ConcurrentHashMap<>();
    private final Map<FloatTranspose, Optional<TransposeKernels>> transposes = new ConcurrentHashMap<>();
    private final Map<FloatExpansion, Optional<ExpansionKernels>> expansions = new ConcurrentHashMap<>();
    private final Map<FloatRows, Optional<FloatRowKernels>> floatRows = new ConcurrentHashMap<>();
    private final Map<LaneTotals, Optional<TotalKernels>> totals = new ConcurrentHashMap<>();

    private MachineCode(Isa isa, @Nullable Runner simulator) {
        this.isa = isa;
        this.simulator = simulator;
    }

    /** {@return code for a processor that is simulated} */
    static MachineCode of(Isa isa, Runner simulator) {
        return new MachineCode(isa, simulator);
    }

    /**
     * {@return machine code for this machine}
     *
     * @throws NoMachineCodeException if there is none; the message gives the reason
     */
    public static MachineCode forThisMachine() {
        Set<Isa> sets = Processor.sets();
        return sets.stream()
                .reduce((slower, faster) -> faster)
                .map(isa -> new MachineCode(isa, null))
                .orElseThrow(() -> new NoMachineCodeException("the processor has no AVX2"));
    }

    /** {@return the machine code shared by the whole process; empty if there is none} */
    public static Optional<MachineCode> shared() {
        return Shared.CODE;
    }

    /** Emitted once it is asked for. */
    private static final class Shared {
        private static final Optional<MachineCode> CODE = find();

        private static Optional<MachineCode> find() {
            try {
                return Optional.of(forThisMachine());
            } catch (NoMachineCodeException e) {
                LOGGER.log(System.Logger.Level.DEBUG, "no machine code: {0}", e.getMessage());
                return Optional.empty();
            }
        }
    }

    /** {@return machine code for each set of instructions of this machine, for tests} */
    static List<MachineCode> all() {
        return Processor.sets().stream().map(isa -> new MachineCode(isa, null)).toList();
    }

    Isa isa() {
        return isa;
    }

    /** {@return the name of the instructions that products of bytes use} */
    public String instructions() {
        return isa.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * {@return the kernels of products of 8 bits, or nothing if they do not work here}
     *
     * @param quants codes of the weights
     */
    public Optional<ByteKernels> bytes(Quants quants) {
        return bytes.computeIfAbsent(quants, key -> checked(new ByteKernels(this, key)));
    }

    /**
     * {@return the kernels of f32 products, or nothing if they do not work here}
     *
     * @param shape rows, strides and vectors; its number of tokens does not matter
     */
    public Optional<FloatKernels> floats(FloatTile shape) {
        return floats.computeIfAbsent(shape, key -> checked(new FloatKernels(this, key)));
    }

    /**
     * {@return the kernel that expands rows of floats to f32, or nothing if it does not work here}
     *
     * @param storage encoding of the rows
     * @param lanes lanes of a vector of f32: 4, 8 or 16
     * @param targetStride bytes from an expanded row to the next
     * @param runBytes bytes of the runs of columns that the caller expands: of a row the next run is prefetched
     */
    public Optional<ExpansionKernels> expansions(FloatStorage storage, int lanes, int targetStride, int runBytes) {
        FloatExpansion shape = new FloatExpansion(storage, lanes * Float.SIZE, targetStride, runBytes);
        return expansions.computeIfAbsent(shape, key -> checked(new ExpansionKernels(this, key)));
    }

    /**
     * {@return the kernel of products of stored floats with few tokens, or nothing if there is none for such rows or it
     * does not work here}
     *
     * @param storage encoding of the rows
     * @param lanes lanes of the vectors of partial sums: 4, 8 or 16
     * @param tokens number of tokens
     * @param rowStride bytes from a row to the next
     * @param columns number of columns
     */
    public Optional<FloatRowKernels> floatRows(
            FloatStorage storage, int lanes, int tokens, long rowStride, int columns) {
        if (tokens > FloatRowKernels.MOST_TOKENS
                || rowStride > FloatRowKernels.LONGEST_STRIDE
                || columns % lanes != 0) {
            return Optional.empty();
        }
        FloatRows shape = new FloatRows(isa, storage, lanes, tokens, (int) rowStride, columns);
        return floatRows.computeIfAbsent(shape, key -> checked(new FloatRowKernels(this, key)));
    }

    /**
     * {@return the kernel that sums the lanes of vectors, or nothing if it does not work here}
     *
     * @param lanes lanes of a vector: 4, 8 or 16
     */
    public Optional<TotalKernels> totals(int lanes) {
        return totals.computeIfAbsent(new LaneTotals(isa, lanes), key -> checked(new TotalKernels(this, key)));
    }

    /**
     * {@return the kernels of weighted sums, or nothing if they do not work here}
     *
     * @param shape units, strides and vectors
     */
    public Optional<ValueKernels> values(ValueTile shape) {
        return values.computeIfAbsent(shape, key -> checked(new ValueKernels(this, key)));
    }

    /**
     * {@return the kernel that transposes rows of f32, or nothing if it does not work here}
     *
     * @param rowStride bytes from a row to the next
     * @param columnStride bytes from a column of the result to the next
     */
    public Optional<TransposeKernels> transposes(int rowStride, int columnStride) {
        FloatTranspose shape = new FloatTranspose(isa, rowStride, columnStride);
        return transposes.computeIfAbsent(shape, key -> checked(new TransposeKernels(this, key)));
    }

    /**
     * {@return the kernel of exponentials and their sums, or nothing if it does not work here}
     *
     * @param lanes lanes of the vector of sums: 4, 8 or 16
     */
    public Optional<ExponentialKernels> exponentials(int lanes) {
        ExponentialTile shape = new ExponentialTile(lanes);
        return exponentials.computeIfAbsent(shape, key -> checked(new ExponentialKernels(this, key)));
    }

    /** {@return the kernel of SwiGLU, or nothing if it does not work here} */
    public Optional<SwigluKernels> swiglu() {
        return gates.computeIfAbsent(new SwigluTile(), _ -> checked(new SwigluKernels(this)));
    }

    /**
     * {@return the kernels of operations on elements, or nothing if they do not work here}
     *
     * @param lanes lanes of the sums of squares: 4, 8 or 16
     */
    public Optional<ElementKernels> elements(int lanes) {
        return elements.computeIfAbsent(lanes, key -> checked(new ElementKernels(this, key)));
    }

    /**
     * {@return the kernel of rotary embeddings, or nothing if there is none for these heads or it does not work here}
     *
     * @param adjacent whether pairs are neighbours; else an element's partner is half of the elements away
     * @param elements rotated elements of a head
     * @param stride bytes from a head to the next
     */
    public Optional<RotaryKernels> rotary(boolean adjacent, int elements, int stride) {
        RotaryTile shape = new RotaryTile(adjacent, elements, stride);
        return rotaries.computeIfAbsent(
                shape, key -> key.fits() ? checked(new RotaryKernels(this, key)) : Optional.empty());
    }

    /** {@return the code that measures the limit of products of bytes} */
    public ByteProbe byteProbe() {
        return new ByteProbe(this);
    }

    static <T extends Checked> Optional<T> checked(T kernels) {
        if (kernels.works()) {
            return Optional.of(kernels);
        }
        LOGGER.log(
                System.Logger.Level.WARNING, "machine code of {0} gives wrong results here; it is not used", kernels);
        return Optional.empty();
    }

    /** {@return a function, which is emitted at the first call} */
    Function function(Object key, Supplier<List<Instruction>> emit) {
        return functions.computeIfAbsent(key, _ -> {
            List<Instruction> code = emit.get();
            if (simulator != null) {
                Runner runner = simulator;
                return (a, b, c, d, e, f) -> runner.call(code, a, b, c, d, e, f);
            }
            return new CodeMemory.Placed(CodeMemory.place(Encoder.encode(code)));
        });
    }

    @Override
    public String toString() {
        return instructions() + (simulator == null ? "" : ", simulated");
    }

    /** Kernels that compare themselves with their definition. */
    interface Checked {
        /** {@return whether results have the bits of the definition} */
        boolean works();
    }
}
