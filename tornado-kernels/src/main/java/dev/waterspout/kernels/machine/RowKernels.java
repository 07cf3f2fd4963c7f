package dev.waterspout.kernels.machine;

import java.lang.foreign.MemorySegment;

/**
 * Products of weights of a type with one token's inputs of 8 bits, straight from the rows as a file stores them, see
 * {@link RowProducts}. The bits are those of {@link ByteKernels}.
 */
public final class RowKernels implements MachineCode.Checked {
    /** Bytes of the longest rows that a panel of them is checked with. */
    public static final int LONGEST_STRIDE = 1 << 20;

    private final ByteKernels kernels;
    private final RowProducts shape;
    private final MachineCode.Function function;
    private final MemorySegment numbers;

    RowKernels(ByteKernels kernels, MachineCode machine, RowProducts shape, MemorySegment numbers) {
        this.kernels = kernels;
        this.shape = shape;
        this.numbers = numbers;
        function = machine.function(shape, shape::emit);
    }

    /** {@return the rows of a panel} */
    public int rows() {
        return shape.rows();
    }

    /**
     * Multiplies.
     *
     * @param tile address of a prepared tile of {@link ByteKernels}, whose contents are overwritten
     * @param weights address of the first row
     * @param inputs address of the rounded inputs of a whole row
     * @param results receives an f32 per row
     * @param panels number of panels, at least 1
     */
    public void multiply(long tile, long weights, long inputs, long results, int panels) {
        function.call(tile, weights, inputs, results, panels, numbers.address());
    }

    @Override
    public boolean works() {
        return new RowKernelsCheck(this, kernels, shape).passes();
    }

    @Override
    public String toString() {
        return shape.isa() + " rows of " + shape.block();
    }
}
