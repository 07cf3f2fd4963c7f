package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.FloatKernels;
import dev.waterspout.kernels.machine.FloatTile;
import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Dot products of rows of weights with rows of inputs, a tile at a time, vectors of partial sums in memory.
 *
 * <p>Each (row, input) pair has one accumulator, which takes the columns in ascending order. So all tile shapes give
 * the same bits. Several pairs at once hide the latency of the multiply-add and share loads.
 */
final class DotTiles {
    /** Where {@link HostScratch#sums()} holds zeros, enough for any tile. */
    private static final int ZEROS = 0;

    /** Rows that machine code takes while a token's inputs are in the first-level cache. */
    private static final int MACHINE_ROWS = 8;

    private static final MemorySegment ALL = Memory.ALL;

    private final long rows;
    private final int rowStride;
    private long inputs;
    private final int inputStride;
    private final long sums;
    private final int sumRowStride;
    private final int sumInputStride;

    private final @Nullable MachineCode machine;

    /** Machine code by the number of rows, of sums that start at zero and of others. */
    private final @Nullable FloatKernels[] freshKernels = new FloatKernels[MACHINE_ROWS + 1];

    private final @Nullable FloatKernels[] addingKernels = new FloatKernels[MACHINE_ROWS + 1];

    /**
     * Creates the tiles of one product.
     *
     * @param rows address of the rows
     * @param rowStride floats from row to row
     * @param inputs address of the inputs
     * @param inputStride floats from input to input
     * @param sums address, {@link HostScratch#sums()}
     * @param sumRowStride floats from the vector of one row to that of the next, same input
     * @param sumInputStride floats from the vector of one input to that of the next, same row
     * @param machine does the products where it can, or null
     */
    DotTiles(
            long rows,
            int rowStride,
            long inputs,
            int inputStride,
            long sums,
            int sumRowStride,
            int sumInputStride,
            @Nullable MachineCode machine) {
        this.machine = machine;
        this.rows = rows;
        this.rowStride = rowStride;
        this.inputs = inputs;
        this.inputStride = inputStride;
        this.sums = sums;
        this.sumRowStride = sumRowStride;
        this.sumInputStride = sumInputStride;
    }

    /** Takes the inputs from here on from another address. */
    void readInputs(long address) {
        inputs = address;
    }

    /**
     * Multiplies the first {@code rowCount} rows with {@code inputCount} inputs.
     *
     * @param rowCount number of rows
     * @param input index of the first input
     * @param inputCount number of inputs
     * @param columns number of columns, a multiple of the lanes
     * @param sum index of the first vector of sums
     * @param fresh whether sums start at zero; else the products are added to them
     */
    void multiply(int rowCount, int input, int inputCount, int columns, int sum, boolean fresh) {
        if (machine != null && columns > 0 && inputCount > 0) {
            int done = multiplyInMachineCode(machine, rowCount, input, inputCount, columns, sum, fresh);
            if (done == rowCount) {
                return;
            }
        }
        int quads = rowCount & -4;
        int i = 0;
        for (; i + 4 <= inputCount; i += 4) {
            for (int r = 0; r < quads; r += 4) {
                int to = sum + i * sumInputStride + r * sumRowStride;
                fourByFour(r * rowStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
        for (; i < inputCount; i++) {
            for (int r = 0; r < quads; r += 4) {
                int to = sum + i * sumInputStride + r * sumRowStride;
                fourByOne(r * rowStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
        for (int r = quads; r < rowCount; r++) {
            for (i = 0; i < inputCount; i++) {
                int to = sum + i * sumInputStride + r * sumRowStride;
                oneByOne(r * rowStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
    }

    /** {@return how many of the rows were multiplied: all, or none if the code does not work here} */
    private int multiplyInMachineCode(
            MachineCode code, int rowCount, int input, int inputCount, int columns, int sum, boolean fresh) {
        FloatKernels most = kernels(code, Math.min(MACHINE_ROWS, rowCount), fresh);
        FloatKernels rest = kernels(code, (rowCount - 1) % MACHINE_ROWS + 1, fresh);
        if (most == null || rest == null) {
            return 0;
        }
        for (int row = 0; row < rowCount; row += MACHINE_ROWS) {
            FloatKernels kernels = row + MACHINE_ROWS <= rowCount ? most : rest;
            kernels.multiply(
                    rows + Layouts.floats((long) row * rowStride),
                    inputs + Layouts.floats(input),
                    sums + Layouts.floats(sum + (long) row * sumRowStride),
                    inputCount,
                    columns);
        }
        return rowCount;
    }

    private @Nullable FloatKernels kernels(MachineCode code, int count, boolean fresh) {
        @Nullable FloatKernels[] kernels = fresh ? freshKernels : addingKernels;
        if (kernels[count] == null) {
            FloatTile shape = new FloatTile(
                    Lanes.COUNT * Float.SIZE,
                    count,
                    1,
                    rowStride * Float.BYTES,
                    inputStride * Float.BYTES,
                    sumRowStride * Float.BYTES,
                    sumInputStride * Float.BYTES,
                    fresh);
            kernels[count] = code.floats(shape).orElse(null);
        }
        return kernels[count];
    }

    /**
     * Four rows with four inputs. Longer than other methods: sixteen accumulators must be named to stay in registers.
     * It calls the Vector API without helpers, because the compiler stops inlining helpers in a method of this size.
     */
    private void fourByFour(int row, int input, int columns, int from, int to) {
        long rowBytes = Layouts.floats(rowStride);
        long w0 = (rows + Layouts.floats(row)) & Memory.MASK;
        long w1 = (w0 + rowBytes) & Memory.MASK;
        long w2 = (w1 + rowBytes) & Memory.MASK;
        long w3 = (w2 + rowBytes) & Memory.MASK;
        long inputBytes = Layouts.floats(inputStride);
        long x0 = (inputs + Layouts.floats(input)) & Memory.MASK;
        long x1 = (x0 + inputBytes) & Memory.MASK;
        long x2 = (x1 + inputBytes) & Memory.MASK;
        long x3 = (x2 + inputBytes) & Memory.MASK;
        long rowSum = Layouts.floats(sumRowStride);
        long inputSum = Layouts.floats(sumInputStride);
        long f0 = (sums + Layouts.floats(from)) & Memory.MASK;
        long f1 = f0 + inputSum;
        long f2 = f1 + inputSum;
        long f3 = f2 + inputSum;
        FloatVector a00 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, f0 & Memory.MASK, Layouts.ORDER);
        FloatVector a01 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f0 + rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a02 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f0 + 2 * rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a03 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f0 + 3 * rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a10 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, f1 & Memory.MASK, Layouts.ORDER);
        FloatVector a11 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f1 + rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a12 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f1 + 2 * rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a13 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f1 + 3 * rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a20 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, f2 & Memory.MASK, Layouts.ORDER);
        FloatVector a21 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f2 + rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a22 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f2 + 2 * rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a23 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f2 + 3 * rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a30 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, f3 & Memory.MASK, Layouts.ORDER);
        FloatVector a31 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f3 + rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a32 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f3 + 2 * rowSum) & Memory.MASK, Layouts.ORDER);
        FloatVector a33 =
                FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, (f3 + 3 * rowSum) & Memory.MASK, Layouts.ORDER);
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Float.BYTES;
            FloatVector r0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w0 + at, Layouts.ORDER);
            FloatVector r1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w1 + at, Layouts.ORDER);
            FloatVector r2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w2 + at, Layouts.ORDER);
            FloatVector r3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w3 + at, Layouts.ORDER);
            FloatVector i0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x0 + at, Layouts.ORDER);
            a00 = r0.fma(i0, a00);
            a01 = r1.fma(i0, a01);
            a02 = r2.fma(i0, a02);
            a03 = r3.fma(i0, a03);
            FloatVector i1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x1 + at, Layouts.ORDER);
            a10 = r0.fma(i1, a10);
            a11 = r1.fma(i1, a11);
            a12 = r2.fma(i1, a12);
            a13 = r3.fma(i1, a13);
            FloatVector i2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x2 + at, Layouts.ORDER);
            a20 = r0.fma(i2, a20);
            a21 = r1.fma(i2, a21);
            a22 = r2.fma(i2, a22);
            a23 = r3.fma(i2, a23);
            FloatVector i3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x3 + at, Layouts.ORDER);
            a30 = r0.fma(i3, a30);
            a31 = r1.fma(i3, a31);
            a32 = r2.fma(i3, a32);
            a33 = r3.fma(i3, a33);
        }
        long t0 = (sums + Layouts.floats(to)) & Memory.MASK;
        long t1 = t0 + inputSum;
        long t2 = t1 + inputSum;
        long t3 = t2 + inputSum;
        a00.intoMemorySegment(ALL, t0 & Memory.MASK, Layouts.ORDER);
        a01.intoMemorySegment(ALL, (t0 + rowSum) & Memory.MASK, Layouts.ORDER);
        a02.intoMemorySegment(ALL, (t0 + 2 * rowSum) & Memory.MASK, Layouts.ORDER);
        a03.intoMemorySegment(ALL, (t0 + 3 * rowSum) & Memory.MASK, Layouts.ORDER);
        a10.intoMemorySegment(ALL, t1 & Memory.MASK, Layouts.ORDER);
        a11.intoMemorySegment(ALL, (t1 + rowSum) & Memory.MASK, Layouts.ORDER);
        a12.intoMemorySegment(ALL, (t1 + 2 * rowSum) & Memory.MASK, Layouts.ORDER);
        a13.intoMemorySegment(ALL, (t1 + 3 * rowSum) & Memory.MASK, Layouts.ORDER);
        a20.intoMemorySegment(ALL, t2 & Memory.MASK, Layouts.ORDER);
        a21.intoMemorySegment(ALL, (t2 + rowSum) & Memory.MASK, Layouts.ORDER);
        a22.intoMemorySegment(ALL, (t2 + 2 * rowSum) & Memory.MASK, Layouts.ORDER);
        a23.intoMemorySegment(ALL, (t2 + 3 * rowSum) & Memory.MASK, Layouts.ORDER);
        a30.intoMemorySegment(ALL, t3 & Memory.MASK, Layouts.ORDER);
        a31.intoMemorySegment(ALL, (t3 + rowSum) & Memory.MASK, Layouts.ORDER);
        a32.intoMemorySegment(ALL, (t3 + 2 * rowSum) & Memory.MASK, Layouts.ORDER);
        a33.intoMemorySegment(ALL, (t3 + 3 * rowSum) & Memory.MASK, Layouts.ORDER);
    }

    /** Four rows with one input. */
    private void fourByOne(int row, int input, int columns, int from, int to) {
        long rowBytes = Layouts.floats(rowStride);
        long w0 = (rows + Layouts.floats(row)) & Memory.MASK;
        long w1 = (w0 + rowBytes) & Memory.MASK;
        long w2 = (w1 + rowBytes) & Memory.MASK;
        long w3 = (w2 + rowBytes) & Memory.MASK;
        long x0 = (inputs + Layouts.floats(input)) & Memory.MASK;
        FloatVector a0 = Lanes.load(ALL, sums + Layouts.floats(from));
        FloatVector a1 = Lanes.load(ALL, sums + Layouts.floats(from + sumRowStride));
        FloatVector a2 = Lanes.load(ALL, sums + Layouts.floats(from + 2 * sumRowStride));
        FloatVector a3 = Lanes.load(ALL, sums + Layouts.floats(from + 3 * sumRowStride));
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Float.BYTES;
            FloatVector i = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x0 + at, Layouts.ORDER);
            a0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w0 + at, Layouts.ORDER)
                    .fma(i, a0);
            a1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w1 + at, Layouts.ORDER)
                    .fma(i, a1);
            a2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w2 + at, Layouts.ORDER)
                    .fma(i, a2);
            a3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w3 + at, Layouts.ORDER)
                    .fma(i, a3);
        }
        storeFour(to, a0, a1, a2, a3);
    }

    /** One row with one input. */
    private void oneByOne(int row, int input, int columns, int from, int to) {
        long w0 = (rows + Layouts.floats(row)) & Memory.MASK;
        long x0 = (inputs + Layouts.floats(input)) & Memory.MASK;
        FloatVector a = Lanes.load(ALL, sums + Layouts.floats(from));
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Float.BYTES;
            FloatVector i = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x0 + at, Layouts.ORDER);
            a = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w0 + at, Layouts.ORDER)
                    .fma(i, a);
        }
        Lanes.store(a, ALL, sums + Layouts.floats(to));
    }

    /**
     * Adds the columns that fill no vector to a sum, ascending.
     *
     * @param sum its address
     * @param row address of the row's first such column
     * @param inputs holds the input
     * @param input byte offset in it of the input's first such column
     * @param count number of columns
     */
    static void addRest(long sum, long row, MemorySegment inputs, long input, int count) {
        float total = ALL.get(Layouts.F32, sum);
        for (int c = 0; c < count; c++) {
            float weight = ALL.get(Layouts.F32, row + Layouts.floats(c));
            total = Math.fma(weight, inputs.get(Layouts.F32, input + Layouts.floats(c)), total);
        }
        ALL.set(Layouts.F32, sum, total);
    }

    private void storeFour(int to, FloatVector a0, FloatVector a1, FloatVector a2, FloatVector a3) {
        Lanes.store(a0, ALL, sums + Layouts.floats(to));
        Lanes.store(a1, ALL, sums + Layouts.floats(to + sumRowStride));
        Lanes.store(a2, ALL, sums + Layouts.floats(to + 2 * sumRowStride));
        Lanes.store(a3, ALL, sums + Layouts.floats(to + 3 * sumRowStride));
    }
}
