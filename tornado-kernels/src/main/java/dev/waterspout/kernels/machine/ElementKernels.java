package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Operations on runs of f32 elements, see {@link ElementTile}. Addresses are those of f32 elements; runs of results may
 * be runs of operands.
 */
public final class ElementKernels implements MachineCode.Checked {
    /** Elements are a multiple of this, but for {@link #squares}. */
    public static final int LANES = 8;

    /** Elements of a call: it takes some microseconds. */
    private static final int CALL = 16 << 10;

    /** Offset of the factor in {@link #OWN}, bytes. */
    private static final long FACTOR = 128;

    /** Scratch memory of each thread: the results of a reduction, and a factor. */
    private static final ThreadLocal<MemorySegment> OWN =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(FACTOR + Memory.LINE, Memory.LINE));

    private final int lanes;
    private final MachineCode.Function squares;
    private final MachineCode.Function normalize;
    private final MachineCode.Function scale;
    private final MachineCode.Function add;
    private final MachineCode.Function largest;

    ElementKernels(MachineCode machine, int lanes) {
        this.lanes = lanes;
        squares = function(machine, new ElementTile(ElementTile.Operation.SQUARES, lanes));
        normalize = function(machine, new ElementTile(ElementTile.Operation.NORMALIZE, LANES));
        scale = function(machine, new ElementTile(ElementTile.Operation.SCALE, LANES));
        add = function(machine, new ElementTile(ElementTile.Operation.ADD, LANES));
        largest = function(machine, new ElementTile(ElementTile.Operation.LARGEST, LANES));
    }

    private static MachineCode.Function function(MachineCode machine, ElementTile tile) {
        return machine.function(tile, tile::emit);
    }

    /** {@return the unit of the number of elements of {@link #squares}} */
    public int squaresStep() {
        return new ElementTile(ElementTile.Operation.SQUARES, lanes).elements();
    }

    /**
     * {@return the sum of the squares of elements}
     *
     * @param from address of the elements
     * @param count number of elements, a multiple of {@link #squaresStep}, not 0
     */
    public float squares(long from, int count) {
        MemorySegment own = OWN.get();
        squares.call(own.address(), from, 0, 0, count / squaresStep(), 0);
        return own.get(Layouts.F32, 0);
    }

    /**
     * Multiplies elements by a factor, and each by its own weight.
     *
     * @param from address of the elements
     * @param factor the factor
     * @param weights address of the weights
     * @param to address of the results
     * @param count number of elements
     */
    public void normalize(long from, float factor, long weights, long to, int count) {
        MemorySegment own = OWN.get();
        own.set(Layouts.F32, FACTOR, factor);
        call(normalize, to, from, weights, own.address() + FACTOR, count);
    }

    /**
     * Multiplies elements by a factor.
     *
     * @param from address of the elements
     * @param factor the factor
     * @param to address of the results
     * @param count number of elements
     */
    public void scale(long from, float factor, long to, int count) {
        MemorySegment own = OWN.get();
        own.set(Layouts.F32, FACTOR, factor);
        call(scale, to, from, from, own.address() + FACTOR, count);
    }

    /**
     * Adds elements to others.
     *
     * @param target address of the sums
     * @param addends address of the elements that are added
     * @param count number of elements
     */
    public void add(long target, long addends, int count) {
        call(add, target, target, addends, 0, count);
    }

    /**
     * {@return the largest of some elements, none of which is NaN}
     *
     * @param from address of the elements
     * @param count number of elements, not 0
     */
    public float largest(long from, int count) {
        MemorySegment own = OWN.get();
        largest.call(own.address(), from, 0, 0, count / LANES, 0);
        float result = own.get(Layouts.F32, 0);
        for (int lane = 1; lane < LANES; lane++) {
            result = Math.max(result, own.getAtIndex(Layouts.F32, lane));
        }
        return result;
    }

    private static void call(MachineCode.Function function, long to, long from, long other, long factor, int count) {
        for (int i = 0; i < count; i += CALL) {
            long offset = Layouts.floats(i);
            int vectors = Math.min(CALL, count - i) / LANES;
            if (vectors > 0) {
                function.call(to + offset, from + offset, other + offset, factor, vectors, 0);
            }
        }
    }

    @Override
    public boolean works() {
        int count = 2 * squaresStep();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = FloatKernels.numbers(arena, Layouts.floats(count), 1);
            MemorySegment other = FloatKernels.numbers(arena, Layouts.floats(count), 2);
            MemorySegment result = arena.allocate(Layouts.floats(count), Memory.LINE);
            float factor = 0.37f;
            boolean right = Float.compare(squares(x.address(), count), expectedSquares(x, count)) == 0
                    && Float.compare(largest(x.address(), count), expectedLargest(x, count)) == 0;
            for (Elementwise operation : Elementwise.values()) {
                switch (operation) {
                    case NORMALIZE -> normalize(x.address(), factor, other.address(), result.address(), count);
                    case SCALE -> scale(x.address(), factor, result.address(), count);
                    case ADD -> add(result.copyFrom(x).address(), other.address(), count);
                }
                for (int i = 0; i < count; i++) {
                    float a = x.getAtIndex(Layouts.F32, i);
                    float b = other.getAtIndex(Layouts.F32, i);
                    float expected = switch (operation) {
                        case NORMALIZE -> a * factor * b;
                        case SCALE -> a * factor;
                        case ADD -> a + b;
                    };
                    right &= Float.compare(result.getAtIndex(Layouts.F32, i), expected) == 0;
                }
            }
            return right;
        }
    }

    /** The operations with as many results as elements, for the comparison with their definition. */
    private enum Elementwise {
        NORMALIZE,
        SCALE,
        ADD
    }

    private float expectedSquares(MemorySegment x, int count) {
        float[] sums = new float[squaresStep()];
        for (int i = 0; i < count; i++) {
            float value = x.getAtIndex(Layouts.F32, i);
            sums[i % sums.length] = Math.fma(value, value, sums[i % sums.length]);
        }
        for (int i = 0; i < lanes; i++) {
            sums[i] = (sums[i] + sums[lanes + i]) + (sums[2 * lanes + i] + sums[3 * lanes + i]);
        }
        for (int half = lanes / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                sums[i] += sums[half + i];
            }
        }
        return sums[0];
    }

    private static float expectedLargest(MemorySegment x, int count) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, x.getAtIndex(Layouts.F32, i));
        }
        return largest;
    }

    @Override
    public String toString() {
        return "operations on elements, " + lanes + " lanes";
    }
}
