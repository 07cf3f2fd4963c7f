package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * A micro-kernel of weighted sums of rows in f32: {@code sums[u][i] += weights[u][p] * values[p][i]} for groups of some
 * units u. Each element takes its rows p in ascending order, so the tile's shape does not change a bit.
 *
 * <p>Arguments: address of the values, of the first unit's weights, of the first unit's sums, the number of rows, the
 * number of groups of units. Strides are bytes.
 *
 * @param bits bits of a vector: 128, 256 or 512
 * @param units number of units in a group
 * @param vectors number of vectors of a row, see {@link #mostVectors}
 * @param valueStride distance from a row to the next
 * @param weightStride distance from a unit's weights to the next one's
 * @param sumStride distance from a unit's sums to the next one's
 */
public record ValueTile(int bits, int units, int vectors, int valueStride, int weightStride, int sumStride) {
    /**
     * Sums in registers: enough to hide the latency of the multiply-add, and with their operands they fit in 16
     * registers.
     */
    private static final int SUMS = 12;

    /** The most units of a group. */
    public static final int MOST_UNITS = 6;

    /**
     * {@return the most vectors of a row}
     *
     * @param units number of units in a group, 1 to {@value #MOST_UNITS}
     */
    public static int mostVectors(int units) {
        return SUMS / units;
    }

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(bits);
        int groupLoop = code.here();
        code.move(General.RAX, General.RDI);
        code.move(General.R10, General.RSI);
        code.move(General.R9, General.RCX);
        sums(code, VectorOp.VMOVUPS);
        int rowLoop = code.here();
        if (vectors <= units) {
            valuesInRegisters(code);
        } else {
            weightsInRegisters(code);
        }
        code.add(General.RAX, valueStride);
        code.add(General.R10, Float.BYTES);
        code.loop(General.R9, rowLoop);
        sums(code, VectorOp.VMOVUPS_STORE);
        code.add(General.RSI, units * weightStride);
        code.add(General.RDX, units * sumStride);
        code.loop(General.R8, groupLoop);
        code.end();
        return code.instructions();
    }

    private void valuesInRegisters(Assembler code) {
        int weight = SUMS + vectors;
        for (int i = 0; i < vectors; i++) {
            code.load(SUMS + i, General.RAX, i * code.bytes());
        }
        for (int u = 0; u < units; u++) {
            loadWeight(code, weight, u);
            for (int i = 0; i < vectors; i++) {
                code.put(VectorOp.VFMADD231PS, sum(u, i), weight, SUMS + i);
            }
        }
    }

    private void weightsInRegisters(Assembler code) {
        int value = SUMS + units;
        for (int u = 0; u < units; u++) {
            loadWeight(code, SUMS + u, u);
        }
        for (int i = 0; i < vectors; i++) {
            code.load(value, General.RAX, i * code.bytes());
            for (int u = 0; u < units; u++) {
                code.put(VectorOp.VFMADD231PS, sum(u, i), SUMS + u, value);
            }
        }
    }

    private void loadWeight(Assembler code, int to, int unit) {
        code.put(VectorOp.VBROADCASTSS, to, Source.memory(General.R10, unit * weightStride));
    }

    private int sum(int unit, int vector) {
        return unit * vectors + vector;
    }

    private void sums(Assembler code, VectorOp op) {
        for (int u = 0; u < units; u++) {
            for (int i = 0; i < vectors; i++) {
                code.put(op, sum(u, i), Source.memory(General.RDX, u * sumStride + i * code.bytes()));
            }
        }
    }
}
