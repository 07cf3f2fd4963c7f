package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.Locale;

/**
 * The sizes and format of a launch, by which kernel choices are made.
 *
 * <pre>
 *   kind            format    outer          inner             tokens
 *   LINEAR          weights   output rows    columns           of the largest chunk
 *   ATTENTION       cache     query heads    elements per head of the largest chunk
 *   QUANTIZE        wire      1              columns           of the largest chunk
 *   DEQUANTIZE_SUM  wire      ranks          columns           of the largest chunk
 * </pre>
 *
 * @param kind the kernel
 * @param format format of weights, cache or partials, in lower case
 * @param outer see above
 * @param inner see above
 * @param tokens tokens of the largest chunk that the graph is compiled for
 */
public record KernelShape(KernelKind kind, String format, int outer, int inner, int tokens) {
    private static final int LARGEST = 1 << 30;

    /** Checks the sizes. */
    public KernelShape {
        if (format.isEmpty() || outer < 1 || inner < 1 || tokens < 1) {
            throw new IllegalArgumentException("shape of " + kind + " format='" + format + "' outer=" + outer
                    + " inner=" + inner + " tokens=" + tokens + "; there is a format, and sizes are at least 1");
        }
    }

    /** {@return the shape of a product} */
    public static KernelShape linear(WeightFormat format, int rows, int columns, int tokens) {
        return new KernelShape(KernelKind.LINEAR, format.name().toLowerCase(Locale.ROOT), rows, columns, tokens);
    }

    /** {@return the shape of an attention} */
    public static KernelShape attention(CacheType cache, int heads, int headDim, int tokens) {
        return new KernelShape(KernelKind.ATTENTION, cache.name().toLowerCase(Locale.ROOT), heads, headDim, tokens);
    }

    /** {@return the shape of an attention over a cache of f32} */
    public static KernelShape attention(int heads, int headDim, int tokens) {
        return attention(CacheType.F32, heads, headDim, tokens);
    }

    /** {@return the shape of a packing} */
    public static KernelShape quantize(WireFormat format, int columns, int tokens) {
        return new KernelShape(KernelKind.QUANTIZE, format.label(), 1, columns, tokens);
    }

    /** {@return the shape of a fused sum} */
    public static KernelShape dequantizeSum(WireFormat format, int ranks, int columns, int tokens) {
        return new KernelShape(KernelKind.DEQUANTIZE_SUM, format.label(), ranks, columns, tokens);
    }

    /** {@return the format of the weights of a product} */
    WeightFormat weights() {
        return WeightFormat.valueOf(format.toUpperCase(Locale.ROOT));
    }

    /** {@return whether weights, cache or partials are of f32} */
    boolean isOfF32() {
        return format.equals("f32");
    }

    /** {@return the class of shapes that share one choice: every size rounded up to a power of two} */
    public KernelShape shapeClass() {
        return new KernelShape(kind, format, roundUp(outer), roundUp(inner), roundUp(tokens));
    }

    private static int roundUp(int size) {
        int floor = Integer.highestOneBit(size);
        return floor == size || floor >= LARGEST ? floor : 2 * floor;
    }

    /** {@return the shape, as readable text, such as {@code linear q8_0 2048 x 2048, 512 tokens}} */
    public String label() {
        String name = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
        String sizes = switch (kind) {
            case LINEAR -> outer + " x " + inner;
            case ATTENTION -> outer + " heads of " + inner;
            case QUANTIZE -> inner + " columns";
            case DEQUANTIZE_SUM -> outer + " ranks, " + inner + " columns";
        };
        return name + " " + format + " " + sizes + ", " + tokens + (tokens == 1 ? " token" : " tokens");
    }
}
