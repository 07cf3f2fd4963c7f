package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * A micro-kernel of weighted sums of rows in f32: {@code sums[u][i] += weights[u][p] * values[p][i]} for some units u.
 * Each element takes its rows p in ascending order, so the tile's shape does not change a bit.
 *
 * <p>Arguments: address of the values, of the first unit's weights, of the first unit's sums, the number of rows.
 * Strides are bytes.
 *
 * @param bits bits of a vector: 128, 256 or 512
 * @param units that are summed together
 * @param vectors vectors of a row
 * @param valueStride distance of two successive rows
 * @param weightStride distance of the weights of two successive units
 * @param sumStride distance of the sums of two successive units
 */
public record ValueTile(int bits, int units, int vectors, int valueStride, int weightStride, int sumStride) {
    /** Vectors of a row whose sums are in registers at the same time. */
    private static final int NEAR = 3;

    /** The most units. */
    public static final int MOST_UNITS = 4;

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(bits);
        for (int first = 0; first < vectors; first += NEAR) {
            add(code, first, Math.min(NEAR, vectors - first));
        }
        code.end();
        return code.instructions();
    }

    private void add(Assembler code, int first, int count) {
        int value = units * NEAR;
        int weight = value + NEAR;
        code.move(General.RAX, General.RDI);
        code.move(General.R10, General.RSI);
        code.move(General.R9, General.RCX);
        sums(code, first, count, VectorOp.VMOVUPS);
        int loop = code.here();
        for (int i = 0; i < count; i++) {
            code.load(value + i, General.RAX, (first + i) * code.bytes());
        }
        for (int u = 0; u < units; u++) {
            code.put(VectorOp.VBROADCASTSS, weight, Source.memory(General.R10, u * weightStride));
            for (int i = 0; i < count; i++) {
                code.put(VectorOp.VFMADD231PS, u * NEAR + i, weight, value + i);
            }
        }
        code.add(General.RAX, valueStride);
        code.add(General.R10, Float.BYTES);
        code.loop(General.R9, loop);
        sums(code, first, count, VectorOp.VMOVUPS_STORE);
    }

    private void sums(Assembler code, int first, int count, VectorOp op) {
        for (int u = 0; u < units; u++) {
            for (int i = 0; i < count; i++) {
                Source place = Source.memory(General.RDX, u * sumStride + (first + i) * code.bytes());
                code.put(op, u * NEAR + i, place);
            }
        }
    }
}
