package dev.waterspout.kernels.fpga;

import dev.waterspout.kernels.codec.MxLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A partial in the layout of the kernels: all blocks in sequence, row after row, padded to a whole number of tiles of
 * 64 blocks. Short blocks at the end of rows are padded with zeros. Scales and elements are in separate arrays; in a
 * message they alternate row by row. Only this class knows both layouts.
 */
final class BlockStream {
    /**
     * Padding bytes between TornadoVM's header and the data of every array, so that the data is aligned to words of
     * 512 bits.
     */
    static final int PAD_BYTES = 48;

    private final FpgaKernels kernels;
    private final MxLayout layout;
    private final int rows;
    private final int columns;
    private final int rowBlocks;

    BlockStream(FpgaKernels kernels, int rows, int columns) {
        this.kernels = kernels;
        this.layout = new MxLayout(kernels.format(), columns);
        this.rows = rows;
        this.columns = columns;
        this.rowBlocks = layout.blocks();
    }

    /** {@return the number of tiles} */
    int tiles() {
        return Math.toIntExact(Math.ceilDiv((long) rows * rowBlocks, FpgaKernels.TILE_BLOCKS));
    }

    /** {@return the f32 elements of a number of tiles} */
    static long floats(FpgaKernels kernels, int tiles) {
        return (long) tiles * FpgaKernels.TILE_BLOCKS * kernels.format().block();
    }

    /** {@return the bytes of the scales of a number of tiles} */
    static long scaleBytes(int tiles) {
        return (long) tiles * FpgaKernels.TILE_BLOCKS;
    }

    /** {@return the bytes of the elements of a number of tiles} */
    static long elementBytes(FpgaKernels kernels, int tiles) {
        return (long) tiles * FpgaKernels.TILE_BLOCKS * kernels.blockBytes();
    }

    /** Copies the rows of a partial, f32 {@code [rows][stride]}, to a stream. */
    void fill(MemorySegment partial, int stride, MemorySegment stream) {
        long rowFloats = (long) rowBlocks * kernels.format().block();
        long used = columns * (long) Float.BYTES;
        for (int row = 0; row < rows; row++) {
            long start = PAD_BYTES + row * rowFloats * Float.BYTES;
            MemorySegment.copy(partial, (long) row * stride * Float.BYTES, stream, start, used);
            stream.asSlice(start + used, rowFloats * Float.BYTES - used).fill((byte) 0);
        }
        long end = PAD_BYTES + rows * rowFloats * Float.BYTES;
        stream.asSlice(end, PAD_BYTES + floats(kernels, tiles()) * Float.BYTES - end)
                .fill((byte) 0);
    }

    /** Copies the rows of a partial from a stream. */
    void drain(MemorySegment stream, MemorySegment partial, int stride) {
        long rowFloats = (long) rowBlocks * kernels.format().block();
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(
                    stream,
                    PAD_BYTES + row * rowFloats * Float.BYTES,
                    partial,
                    (long) row * stride * Float.BYTES,
                    columns * (long) Float.BYTES);
        }
    }

    /** Assembles a message from the kernel's output. */
    void pack(MemorySegment scales, MemorySegment elements, MemorySegment message) {
        long rowElements = (long) rowBlocks * kernels.blockBytes();
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(
                    scales, PAD_BYTES + (long) row * rowBlocks, message, layout.scaleOffset(row), layout.scaleBytes());
            MemorySegment.copy(
                    elements,
                    PAD_BYTES + row * rowElements,
                    message,
                    layout.elementOffset(row),
                    layout.rowBytes() - layout.scaleBytes());
        }
    }

    /** Copies the message of one of several partials to streams that hold the partials in sequence. */
    void unpack(MemorySegment message, int index, MemorySegment scales, MemorySegment elements) {
        long rowElements = (long) rowBlocks * kernels.blockBytes();
        long firstScale = PAD_BYTES + index * scaleBytes(tiles());
        long firstElement = PAD_BYTES + index * elementBytes(kernels, tiles());
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(
                    message, layout.scaleOffset(row), scales, firstScale + (long) row * rowBlocks, layout.scaleBytes());
            MemorySegment.copy(
                    message,
                    layout.elementOffset(row),
                    elements,
                    firstElement + row * rowElements,
                    layout.rowBytes() - layout.scaleBytes());
        }
    }

    /** Writes a partial of negative zeros to streams. Adding it to a sum changes no bit of the sum. */
    void unpackNothing(int index, MemorySegment scales, MemorySegment elements) {
        int bits = kernels.format().element().bits();
        int sign = 1 << (bits - 1);
        byte codes = (byte) (bits == 4 ? sign << 4 | sign : sign);
        scales.asSlice(PAD_BYTES + index * scaleBytes(tiles()), scaleBytes(tiles()))
                .fill((byte) 0);
        elements.asSlice(PAD_BYTES + index * elementBytes(kernels, tiles()), elementBytes(kernels, tiles()))
                .fill(codes);
    }

    /** {@return the bytes of a message} */
    long messageBytes() {
        return rows * layout.rowBytes();
    }

    void requireFloats(String name, MemorySegment partial, int stride) {
        long needed = rows == 0 ? 0 : ((long) (rows - 1) * stride + columns) * ValueLayout.JAVA_FLOAT.byteSize();
        require(name, partial.byteSize(), needed);
    }

    void requireMessage(String name, MemorySegment message) {
        require(name, message.byteSize(), messageBytes());
    }

    private void require(String name, long bytes, long needed) {
        if (bytes < needed) {
            throw new IllegalArgumentException(
                    name + " has " + bytes + " bytes, but " + rows + " rows of " + columns + " columns take " + needed);
        }
    }
}
