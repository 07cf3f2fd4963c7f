package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/**
 * The Vector API codec. A row is processed in {@linkplain MxChunk chunks}, which {@link MxEncoder} and
 * {@link MxDecoder} turn from one form to the other in vector lanes.
 */
final class VectorMxCodec implements PartialCodec {
    private final MxFormat format;
    private final MxEncoder encoder;
    private final MxDecoder decoder;

    VectorMxCodec(MxFormat format) {
        this.format = format;
        this.encoder = new MxEncoder(format);
        this.decoder = new MxDecoder(format);
    }

    @Override
    public MxFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        Shapes.checkStrided("source", source, rows, columns, stride);
        Shapes.checkEncoded("target", target, format, rows, columns);
        MxChunk chunk = MxChunk.forEncoding(format, rows, columns);
        while (chunk.next()) {
            MemorySegment.copy(source, Layouts.F32, chunk.offset(stride), chunk.values, 0, chunk.count());
            encoder.encode(chunk);
            chunk.writePacked(target);
        }
    }

    @Override
    public void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        Shapes.checkPlain("target", target, rows, columns);
        MxChunk chunk = MxChunk.forDecoding(format, rows, columns);
        MemorySegment[] packets = {packed};
        while (chunk.next()) {
            sum(packets, chunk);
            MemorySegment.copy(chunk.values, 0, target, Layouts.F32, chunk.offset(columns), chunk.count());
        }
    }

    @Override
    public void decodeSum(MemorySegment[] packets, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkPackets(packets, format, rows, columns);
        Shapes.checkStrided("residual", residual, rows, columns, stride);
        MxChunk chunk = MxChunk.forDecoding(format, rows, columns);
        while (chunk.next()) {
            sum(packets, chunk);
            Residual.add(chunk.values, chunk.count(), residual, chunk.offset(stride));
        }
    }

    @Override
    public void reduce(MemorySegment[] packets, int rows, int columns, MemorySegment target) {
        Shapes.checkPackets(packets, format, rows, columns);
        Shapes.checkEncoded("target", target, format, rows, columns);
        MxChunk chunk = MxChunk.forEncoding(format, rows, columns);
        while (chunk.next()) {
            sum(packets, chunk);
            encoder.encode(chunk);
            chunk.writePacked(target);
        }
    }

    /** Sums a chunk of the packets, in rank order. */
    private void sum(MemorySegment[] packets, MxChunk chunk) {
        for (int rank = 0; rank < packets.length; rank++) {
            chunk.adds = rank > 0;
            chunk.readPacked(packets[rank]);
            decoder.decode(chunk);
        }
    }
}
