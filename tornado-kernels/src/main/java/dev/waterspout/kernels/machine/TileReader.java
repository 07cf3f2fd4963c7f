package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Code that reads a chunk of a panel of rows as a file stores them and fills a tile, see {@link ByteLayout}. A tensor
 * type defines the unpacking of a block with the methods of {@link BlockCode}.
 *
 * <p>While it reads a panel it prefetches the next one: reads along many rows at once are not recognised by the
 * prefetchers of processors. In a file with contiguous rows the next panel's bytes follow those of the panel.
 *
 * <p>Arguments: address of the tile, address of the chunk of the panel's first row, number of blocks, address of the
 * bytes to prefetch, address of {@link BlockReader#numbers}, repeated to fill a vector.
 *
 * @param isa instructions
 * @param block block layout of the type
 * @param rowStride bytes from a row to the next
 */
record TileReader(Isa isa, BlockReader block, int rowStride) {
    /** Number of prefetch streams in the next panel. A single stream reads memory at two thirds of the speed. */
    static final int STREAMS = 4;

    /** Bytes of a line of the cache. */
    private static final int LINE = 64;

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(isa.bits());
        code.move(General.R11, General.R8);
        code.move(General.R8, General.RDI);
        code.move(General.R9, General.RDI);
        code.add(General.R9, ByteLayout.scales(isa));
        int loop = code.here();
        int bytes = isa.rows() / STREAMS * block.blockBytes();
        for (int r = 0; r < Isa.VECTORS; r++) {
            // Asking for all lines at once would fill the buffers that wait for memory.
            for (int stream = r; stream < STREAMS; stream += Isa.VECTORS) {
                for (int at = 0; at < bytes; at += LINE) {
                    code.prefetch(General.RCX, stream * (isa.rows() / STREAMS * rowStride) + at);
                }
            }
            block.emit(new BlockCode(isa, code, r, rowStride, new TileTarget(isa, code, r, rowStride)));
        }
        int steps = block.blockElements() / ByteLayout.STEP;
        code.add(General.RDI, steps * Isa.VECTORS * isa.bytes());
        code.add(General.R9, block.blockElements() / block.group() * Isa.VECTORS * isa.bytes());
        code.add(General.RSI, block.blockBytes());
        code.add(General.RCX, bytes);
        code.loop(General.RDX, loop);
        code.end();
        return code.instructions();
    }
}
