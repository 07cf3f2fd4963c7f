package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * A micro-kernel of products with one token's inputs of 8 bits: weights are multiplied while they are read, a vector of
 * rows at a time, without a tile. Sums are those of {@link ByteTile}, in the same order, so that bits are the same.
 *
 * <p>While it multiplies a panel (the rows of a vector) it prefetches the next one.
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
        int inputs = block.blockElements() / ByteLayout.BLOCK * ByteLayout.INPUT_BLOCK;
        int panelLoop = code.here();
        code.zero(ProductTarget.RESULT);
        code.set(General.RDX, blocks);
        RowPrefetch prefetch = new RowPrefetch(isa, code, block.blockBytes(), rowStride);
        prefetch.begin();
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
        code.loop(General.RAX, panelLoop);
        code.end();
        return code.instructions();
    }
}
