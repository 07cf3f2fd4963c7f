package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Compares {@link ByteKernels} with their definition: two blocks of columns, one token more than the largest group. */
final class ByteKernelsCheck {
    private static final int COLUMNS = 2 * ByteLayout.BLOCK;

    private final ByteKernels kernels;
    private final Quants quants;
    private final int rows;
    private final int tokens;
    private final int groups;
    private final MemorySegment x;
    private final MemorySegment inputs;
    private final MemorySegment panel;
    private final MemorySegment tile;
    private final MemorySegment constants;
    private final MemorySegment results;
    private int random = 7;

    ByteKernelsCheck(ByteKernels kernels, Isa isa, Quants quants, Arena arena) {
        this.kernels = kernels;
        this.quants = quants;
        rows = isa.rows();
        tokens = isa.tokens() + 1;
        groups = COLUMNS / quants.group();
        x = arena.allocate(Layouts.floats((long) tokens * COLUMNS), 64);
        inputs = arena.allocate((long) tokens * ByteLayout.INPUT_CHUNK, 64);
        panel = arena.allocate((long) rows * ByteLayout.CHUNK, 64);
        tile = arena.allocate(ByteLayout.tile(isa), 64);
        constants = arena.allocate(InputRounding.CONSTANTS, 64);
        results = arena.allocate(Layouts.floats((long) tokens * rows), 64);
    }

    boolean passes() {
        for (int i = 0; i < tokens * COLUMNS; i++) {
            x.setAtIndex(Layouts.F32, i, next() * 0x1p-20f);
        }
        kernels.prepare(tile, constants);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < COLUMNS; c++) {
                int range = quants.most() - quants.least() + 1;
                int q = quants.least() + Math.floorMod(next(), range);
                panel.set(Layouts.I8, (long) r * ByteLayout.CHUNK + c, (byte) q);
            }
            for (int g = 0; g < groups; g++) {
                tile.set(Layouts.F32, scaleAt(kernels.scales(), g, r), next() * 0x1p-25f);
                tile.set(Layouts.F32, scaleAt(kernels.offsets(), g, r), next() * 0x1p-25f);
            }
        }
        kernels.interleave(tile.address(), panel.address(), COLUMNS);
        for (int t = 0; t < tokens; t++) {
            long from = x.address() + Layouts.floats((long) t * COLUMNS);
            long to = inputs.address() + (long) t * ByteLayout.INPUT_CHUNK;
            kernels.round(from, to, constants.address(), COLUMNS / ByteLayout.BLOCK);
        }
        kernels.multiply(tile.address(), inputs.address(), results.address(), tokens, COLUMNS);
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < rows; r++) {
                float result = results.getAtIndex(Layouts.F32, (long) t * rows + r);
                if (Float.floatToRawIntBits(result) != Float.floatToRawIntBits(definition(t, r))) {
                    return false;
                }
            }
        }
        return true;
    }

    private int next() {
        random = random * 1103515245 + 12345;
        return random >> 8;
    }

    private long scaleAt(int place, int group, int row) {
        return place + (long) group * kernels.groupStride() + Layouts.floats(row);
    }

    private float definition(int token, int row) {
        float y = 0;
        int[] rounded = new int[COLUMNS];
        float[] scales = new float[COLUMNS / ByteLayout.BLOCK];
        for (int block = 0; block < scales.length; block++) {
            scales[block] = round(token, block, rounded);
        }
        for (int g = 0; g < groups; g++) {
            int sum = 0;
            int inputSum = 0;
            for (int c = g * quants.group(); c < (g + 1) * quants.group(); c++) {
                sum += panel.get(Layouts.I8, (long) row * ByteLayout.CHUNK + c) * rounded[c];
                inputSum += rounded[c];
            }
            float inputScale = scales[g * quants.group() / ByteLayout.BLOCK];
            y = Math.fma((float) sum, tile.get(Layouts.F32, scaleAt(kernels.scales(), g, row)) * inputScale, y);
            if (quants.hasOffsets()) {
                float offset = tile.get(Layouts.F32, scaleAt(kernels.offsets(), g, row));
                y = Math.fma(offset, inputSum * inputScale, y);
            }
        }
        return y;
    }

    private float round(int token, int block, int[] rounded) {
        float largest = 0;
        int first = block * ByteLayout.BLOCK;
        for (int c = first; c < first + ByteLayout.BLOCK; c++) {
            largest = Math.max(largest, Math.abs(x.getAtIndex(Layouts.F32, (long) token * COLUMNS + c)));
        }
        boolean zero = largest < InputRounding.SMALLEST;
        float inverse = zero ? 0 : InputRounding.LARGEST / largest;
        for (int c = first; c < first + ByteLayout.BLOCK; c++) {
            rounded[c] = (int) Math.rint(x.getAtIndex(Layouts.F32, (long) token * COLUMNS + c) * inverse);
        }
        return zero ? 0 : largest / InputRounding.LARGEST;
    }
}
