package dev.waterspout.engine.gguf;

import dev.waterspout.kernels.weights.WeightFormat;
import java.util.Optional;

/**
 * The element types of tensors, with the numbers that ggml gives them in a file and the size of their blocks. A row
 * (dimension 0) is a whole number of blocks.
 */
public enum GgmlType {
    F32(0),
    F16(1),
    Q4_0(2),
    Q4_1(3),
    Q5_0(6),
    Q5_1(7),
    Q8_0(8),
    Q8_1(9, 32, 36),
    Q2_K(10),
    Q3_K(11),
    Q4_K(12),
    Q5_K(13),
    Q6_K(14),
    Q8_K(15, 256, 292),
    IQ2_XXS(16),
    IQ2_XS(17),
    IQ3_XXS(18),
    IQ1_S(19),
    IQ4_NL(20),
    IQ3_S(21),
    IQ2_S(22),
    IQ4_XS(23),
    I8(24, 1, 1),
    I16(25, 1, 2),
    I32(26, 1, 4),
    I64(27, 1, 8),
    F64(28, 1, 8),
    IQ1_M(29),
    BF16(30),
    TQ1_0(34),
    TQ2_0(35),
    MXFP4(39),
    NVFP4(40),
    Q1_0(41, 128, 18),
    Q2_0(42, 64, 18);

    private final int id;
    private final int blockElements;
    private final int blockBytes;

    /** A type with a class, which defines its blocks. */
    GgmlType(int id) {
        WeightFormat format = WeightFormat.byId(id).orElseThrow();
        this(id, format.blockElements(), format.blockBytes());
    }

    GgmlType(int id, int blockElements, int blockBytes) {
        this.id = id;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** The number that stands for this type in a file. */
    public int id() {
        return id;
    }

    /** Returns the format of weights of this type; empty if the type has no class. */
    public Optional<WeightFormat> weights() {
        return WeightFormat.byId(id);
    }

    /** Elements per block; 1 for types that are not quantized. */
    public int blockElements() {
        return blockElements;
    }

    /** Bytes per block, scales included. */
    public int blockBytes() {
        return blockBytes;
    }

    /**
     * The size of a number of elements.
     *
     * @param elements a multiple of {@link #blockElements()}, not negative
     * @return bytes
     * @throws IllegalArgumentException if the elements are not a whole number of blocks
     * @throws ArithmeticException if the size exceeds 2^63 - 1 bytes
     */
    public long bytes(long elements) {
        if (elements < 0 || elements % blockElements != 0) {
            throw new IllegalArgumentException(
                    "elements=" + elements + " must be a multiple of " + this + "'s block of " + blockElements);
        }
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }

    /**
     * Finds a type by its number in a file.
     *
     * @param id any number
     * @return empty if no type has it, or the type with that number has been removed from the format
     */
    public static Optional<GgmlType> byId(int id) {
        for (GgmlType type : values()) {
            if (type.id == id) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Returns the largest number that a type has. */
    static int highestId() {
        return values()[values().length - 1].id;
    }

    /** The name of the type that once had a number and has been removed from the format. */
    static Optional<String> removedName(int id) {
        return switch (id) {
            case 4 -> Optional.of("Q4_2");
            case 5 -> Optional.of("Q4_3");
            case 31 -> Optional.of("Q4_0_4_4");
            case 32 -> Optional.of("Q4_0_4_8");
            case 33 -> Optional.of("Q4_0_8_8");
            case 36 -> Optional.of("IQ4_NL_4_4");
            case 37 -> Optional.of("IQ4_NL_4_8");
            case 38 -> Optional.of("IQ4_NL_8_8");
            default -> Optional.empty();
        };
    }
}
