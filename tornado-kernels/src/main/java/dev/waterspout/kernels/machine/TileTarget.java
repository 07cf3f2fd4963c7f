package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.machine.ByteLayout.Constant;

/**
 * Numbers are stored in a tile: a vector has four columns, a lane per row.
 *
 * @param isa instructions
 * @param code receives them
 * @param vector index of the vector among those of the tile's rows
 * @param rowStride bytes from a row to the next
 */
record TileTarget(Isa isa, Assembler code, int vector, int rowStride) implements BlockTarget {
    @Override
    public int load(int displacement) {
        return Transpose.emit(isa, code, General.RSI, displacement, rowStride, 0);
    }

    @Override
    public void store(int column, int value) {
        int at = ByteLayout.NUMBERS + (column / ByteLayout.STEP * Isa.VECTORS + vector) * isa.bytes();
        code.store(value, General.RDI, at);
    }

    @Override
    public void fifthBits(int to, int from, int column) {
        code.put(VectorOp.VPSRLD, isa.bits(), to, 0, Source.register(from), column);
        code.put(VectorOp.VPAND, to, to, constant(Constant.FOUR_BITS));
        code.put(VectorOp.VPMULLD, to, to, constant(Constant.SPREAD));
        code.put(VectorOp.VPAND, to, to, constant(Constant.SIXTEENS));
    }

    private static Source constant(Constant constant) {
        return Source.memory(General.R8, constant.place());
    }
}
