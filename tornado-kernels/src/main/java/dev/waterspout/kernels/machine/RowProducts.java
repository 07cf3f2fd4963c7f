package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * A micro-kernel of products with one token's inputs of 8 bits: weights are multiplied while they are read, a vector of
 * rows at a time, without a tile. Sums are those of {@link ByteTile}, in the same order, so that bits are the same.
 *
 * <p>While it multiplies a panel, the rows of one or two vectors, it prefetches the next panel.
 *
 * <p>Arguments: address of a tile, whose memory is used for constants and sums, of the first row, of the inputs of
 * {@link ByteLayout}, of the results (f32, one per row), the number of panels, address of {@link BlockReader#numbers}.
 *
 * @param isa instructions
 * @param block block layout of the type
 * @param quants codes of the type
 * @param rowStride bytes from a row to the next
 * @param blocks blocks of a row
 */
record RowProducts(Isa isa, BlockReader block, Quants quants, int rowStride, int blocks) {
    /** Blocks of up to so many weights have code that is short enough to be repeated for a second vector of rows. */
    private static final int SHORT_BLOCK = 32;

    /** {@return the vectors of rows of a panel: with two, the streams of the prefetch are longer} */
    private int vectors() {
        return block.blockElements() <= SHORT_BLOCK ? 2 : 1;
    }

    /** {@return the rows of a panel} */
    int rows() {
        return vectors() * isa.lanes();
    }

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(isa.bits());
        code.move(General.R11, General.R9);
        code.move(General.RAX, General.R8);
        code.move(General.R8, General.RDI);
        code.move(General.R9, General.RDI);
        code.add(General.R9, ByteLayout.scales(isa));
        code.move(General.R10, General.RDX);
        code.move(General.RDI, General.RCX);
        int loop = code.here();
        RowPrefetch prefetch = new RowPrefetch(this, code);
        prefetch.begin();
        for (int vector = 0; vector < vectors(); vector++) {
            rows(code, prefetch);
        }
        code.loop(General.RAX, loop);
        code.end();
        return code.instructions();
    }

    /** Multiplies the rows of a vector. */
    private void rows(Assembler code, RowPrefetch prefetch) {
        int inputs = block.blockElements() / ByteLayout.BLOCK * ByteLayout.INPUT_BLOCK;
        code.zero(ProductTarget.RESULT);
        code.set(General.RDX, blocks);
        int blockLoop = code.here();
        ProductTarget target = new ProductTarget(this, code, prefetch);
        block.emit(new BlockCode(isa, code, 0, rowStride, target));
        target.end();
        code.add(General.RSI, block.blockBytes());
        code.add(General.R10, inputs);
        prefetch.step();
        code.loop(General.RDX, blockLoop);
        code.store(ProductTarget.RESULT, General.RDI, 0);
        code.add(General.RDI, isa.bytes());
        code.add(General.RSI, isa.lanes() * rowStride - blocks * block.blockBytes());
        code.add(General.R10, -blocks * inputs);
    }
}
