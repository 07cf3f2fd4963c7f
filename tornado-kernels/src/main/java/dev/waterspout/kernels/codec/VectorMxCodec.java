package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/**
 * The fast codec: a row is worked off in {@linkplain MxChunk chunks}, which {@link MxEncoder} and {@link MxDecoder} turn
 * from one form to the other in vector lanes.
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
        MxChunk chunk = MxChunk.forEncoding(format, columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += MxChunk.COLUMNS) {
                chunk.at(row, column);
                MemorySegment.copy(source, Layouts.F32, chunk.offset(stride), chunk.values, 0, chunk.count());
                encoder.encode(chunk);
                chunk.writePacked(target);
            }
        }
    }

    @Override
    public void decode(MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkEncoded("packed", packed, format, rows, columns);
        Shapes.checkPlain("target", target, rows, columns);
        MxChunk chunk = MxChunk.forDecoding(format, columns);
        MemorySegment[] shards = {packed};
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += MxChunk.COLUMNS) {
                chunk.at(row, column);
                sum(shards, chunk);
                MemorySegment.copy(chunk.values, 0, target, Layouts.F32, chunk.offset(columns), chunk.count());
            }
        }
    }

    @Override
    public void decodeSum(MemorySegment[] shards, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkShards(shards, format, rows, columns);
        Shapes.checkStrided("residual", residual, rows, columns, stride);
        MxChunk chunk = MxChunk.forDecoding(format, columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += MxChunk.COLUMNS) {
                chunk.at(row, column);
                sum(shards, chunk);
                addTo(residual, chunk.offset(stride), chunk);
            }
        }
    }

    @Override
    public void reduce(MemorySegment[] shards, int rows, int columns, MemorySegment target) {
        Shapes.checkShards(shards, format, rows, columns);
        Shapes.checkEncoded("target", target, format, rows, columns);
        MxChunk chunk = MxChunk.forEncoding(format, columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += MxChunk.COLUMNS) {
                chunk.at(row, column);
                sum(shards, chunk);
                encoder.encode(chunk);
                chunk.writePacked(target);
            }
        }
    }

    /** Sums a chunk of the shards, in rank order. */
    private void sum(MemorySegment[] shards, MxChunk chunk) {
        for (int rank = 0; rank < shards.length; rank++) {
            chunk.readPacked(shards[rank]);
            decoder.decode(chunk, rank > 0);
        }
    }

    private static void addTo(MemorySegment residual, long offset, MxChunk chunk) {
        float[] values = chunk.values;
        int count = chunk.count();
        int i = 0;
        for (; i <= count - MxLanes.COUNT; i += MxLanes.COUNT) {
            long at = offset + (long) i * Float.BYTES;
            FloatVector.fromArray(MxLanes.FLOATS, values, i)
                    .add(FloatVector.fromMemorySegment(MxLanes.FLOATS, residual, at, ByteOrder.LITTLE_ENDIAN))
                    .intoMemorySegment(residual, at, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            long at = offset + (long) i * Float.BYTES;
            residual.set(Layouts.F32, at, values[i] + residual.get(Layouts.F32, at));
        }
    }
}
