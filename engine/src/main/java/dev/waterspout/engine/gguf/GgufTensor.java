package dev.waterspout.engine.gguf;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The place of a tensor in a file, and the type of its bytes.
 *
 * @param name unique in its file, not empty
 * @param type tensor type of the elements
 * @param dimensions 1 to 4 positive sizes, the fastest-varying first: columns, then rows
 * @param offset first byte, counted from the start of the file
 * @param bytes size in the file, without padding
 */
public record GgufTensor(String name, GgmlType type, List<Long> dimensions, long offset, long bytes) {
    /** The most dimensions that a tensor has. */
    public static final int MAX_DIMENSIONS = 4;

    /** Keeps an unmodifiable copy of the dimensions. */
    public GgufTensor {
        dimensions = List.copyOf(dimensions);
    }

    /** The number of elements: the product of the dimensions. */
    public long elements() {
        long product = 1;
        for (long dimension : dimensions) {
            product *= dimension;
        }
        return product;
    }

    /** The length of a row, in elements: dimension 0. */
    public long columns() {
        return dimensions.getFirst();
    }

    /** The number of rows: the product of all dimensions but the first. */
    public long rows() {
        return elements() / columns();
    }

    /** The size of a row in bytes; rows follow each other without padding. */
    public long rowBytes() {
        return type.bytes(columns());
    }

    /** The dimensions as text, such as {@code 256 x 2048}, columns first. */
    public String shape() {
        return dimensions.stream().map(String::valueOf).collect(Collectors.joining(" x "));
    }

    /**
     * Computes the size of a tensor: 1 to 4 positive dimensions, the first a multiple of the type's block.
     *
     * @param type tensor type of the elements
     * @param dimensions the fastest-varying first
     * @param failure makes the exception for dimensions that are not allowed, from a description of the problem
     * @return bytes
     */
    static long bytes(GgmlType type, List<Long> dimensions, Function<String, ? extends RuntimeException> failure) {
        int count = dimensions.size();
        if (count < 1 || count > MAX_DIMENSIONS) {
            throw failure.apply("has " + count + " dimensions; 1 to " + MAX_DIMENSIONS + " are allowed");
        }
        long elements = 1;
        for (int i = 0; i < count; i++) {
            long dimension = dimensions.get(i);
            if (dimension <= 0) {
                throw failure.apply("has " + Long.toUnsignedString(dimension) + " as dimension " + i + "; 1 to "
                        + Long.MAX_VALUE + " is allowed");
            }
            if (Math.multiplyHigh(elements, dimension) != 0 || elements * dimension < 0) {
                throw failure.apply("has dimensions " + dimensions + ", more than 2^63 - 1 elements");
            }
            elements *= dimension;
        }
        if (dimensions.getFirst() % type.blockElements() != 0) {
            throw failure.apply("has rows of " + dimensions.getFirst() + " elements; " + type + " needs a multiple of "
                    + type.blockElements());
        }
        if (elements / type.blockElements() > Long.MAX_VALUE / type.blockBytes()) {
            throw failure.apply("has dimensions " + dimensions + ", more than 2^63 - 1 bytes");
        }
        return type.bytes(elements);
    }
}
