package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockReader;
import dev.waterspout.kernels.machine.FloatStorage;
import dev.waterspout.kernels.machine.Quants;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The registry of tensor types. A new type is a class and a constant here.
 */
public enum WeightFormat {
    F32(new Float32()),
    F16(new Float16()),
    BF16(new BFloat16()),
    Q8_0(new Q80()),
    Q4_0(new Q40()),
    Q4_1(new Q41()),
    Q5_0(new Q50()),
    Q5_1(new Q51()),
    Q2_K(new Q2K()),
    Q3_K(new Q3K()),
    Q4_K(new Q4K()),
    Q5_K(new Q5K()),
    Q6_K(new Q6K()),
    IQ4_NL(new Iq4Nl()),
    IQ4_XS(new Iq4Xs()),
    MXFP4(new Mxfp4()),
    NVFP4(new Nvfp4()),
    IQ1_S(new Iq1S()),
    IQ1_M(new Iq1M()),
    IQ2_XXS(new Iq2Xxs()),
    IQ2_XS(new Iq2Xs()),
    IQ2_S(new Iq2S()),
    IQ3_XXS(new Iq3Xxs()),
    IQ3_S(new Iq3S()),
    TQ1_0(new Tq10()),
    TQ2_0(new Tq20());

    @SuppressWarnings("ImmutableEnumChecker") // types have no state but constants
    private final TensorType type;

    WeightFormat(TensorType type) {
        this.type = type;
    }

    /** {@return the number of the type in files, and in kernels} */
    public int id() {
        return type.id();
    }

    /** {@return the number of weights in a block} */
    public int blockElements() {
        return type.blockElements();
    }

    /** {@return the bytes of a block} */
    public int blockBytes() {
        return type.blockBytes();
    }

    /**
     * {@return the bytes that consecutive weights of a row take}
     *
     * @param columns number of weights, a multiple of {@link #blockElements()}
     */
    public long rowBytes(int columns) {
        if (columns < 0 || columns % blockElements() != 0) {
            throw new IllegalArgumentException(
                    "columns=" + columns + ": a row of " + this + " is cut into blocks of " + blockElements());
        }
        return (long) (columns / blockElements()) * blockBytes();
    }

    /**
     * {@return a weight, exact in f32: the reference}
     *
     * @param data holds the block
     * @param block offset of the block in the data
     * @param index index of the weight in the block
     */
    public float weight(MemorySegment data, long block, int index) {
        return type.weight(data, block, index);
    }

    /**
     * Unpacks consecutive weights of a row to f32, with the bits of {@link #weight}.
     *
     * @param address address of the first block
     * @param count number of weights, a multiple of the block
     * @param target address of the first float
     * @param scratch the thread's
     */
    public void unpack(long address, int count, long target, QuantBlock scratch) {
        type.unpack(address, count, target, scratch);
    }

    /** {@return the range of the numbers, and the groups, of weights; null if the weights are floats} */
    public @Nullable Quants quants() {
        return type instanceof ScaledQuants scaled ? scaled.quants() : null;
    }

    /** {@return how weights that are floats are stored; null if weights are something else} */
    public @Nullable FloatStorage floats() {
        return type.floats();
    }

    /** {@return how machine code reads blocks, or null if {@link #read} does} */
    public @Nullable BlockReader blockReader() {
        return type instanceof ScaledQuants scaled && scaled.isEmitted() ? scaled : null;
    }

    /**
     * Reads a part of a row into memory of micro-kernels.
     *
     * @param address address of the first block
     * @param count number of weights, a multiple of the block
     * @param target receives numbers, scales and offsets
     * @param scratch the thread's
     * @throws IllegalStateException if weights are floats
     */
    public void read(long address, int count, QuantTarget target, QuantBlock scratch) {
        if (!(type instanceof ScaledQuants scaled)) {
            throw new IllegalStateException(this + " has no numbers of 8 bits");
        }
        scaled.read(address, count, target, scratch);
    }

    /**
     * Unpacks a row by loops over arrays, which are fast before the JVM has compiled anything; the bits are the same.
     *
     * @param stored the row's bytes
     * @param target one float per weight
     */
    public void unpackCold(byte[] stored, float[] target) {
        type.unpackCold(stored, target);
    }

    /**
     * {@return the type with a number; empty if there is no class for it}
     *
     * @param id the type's number in GGUF files
     */
    public static Optional<WeightFormat> byId(int id) {
        for (WeightFormat format : values()) {
            if (format.id() == id) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    TensorType type() {
        return type;
    }
}
