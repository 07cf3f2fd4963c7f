package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/** A codec that decodes one element at a time. */
abstract sealed class ElementCodec implements PartialCodec permits ScalarMxCodec, ScalarIntegerCodec {
    /**
     * Returns the decoder of single elements.
     *
     * @param columns elements of a row
     */
    abstract ScalarLoops.Elements elements(int columns);

    @Override
    public final void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format(), rows, columns);
        ScalarLoops.decode(elements(columns), packed, rows, columns, target);
    }

    @Override
    public final void decodeSum(MemorySegment[] packets, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkPackets(packets, format(), rows, columns);
        ScalarLoops.decodeSum(elements(columns), packets, rows, columns, residual, stride);
    }
}
