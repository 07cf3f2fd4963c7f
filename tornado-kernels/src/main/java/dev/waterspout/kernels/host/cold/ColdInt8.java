package dev.waterspout.kernels.host.cold;

import dev.waterspout.kernels.host.Int8Inputs;
import dev.waterspout.kernels.host.Int8Rows;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.vector.Halves;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.weights.Blocks32;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** {@link Int8Inputs} and {@link Int8Rows} by loops over arrays. */
final class ColdInt8 {
    private static final int BLOCK = Blocks32.BLOCK;

    /** Columns whose products a lane adds at once: the first of them, and as many half a block further. */
    private static final int LANE_COLUMNS = 4;

    private final WeightMatrix weights;
    private final int columns;
    /** [batch][columns] */
    private final byte[] values;
    /** [batch][blocks] */
    private final float[] scales;

    private final byte[] row;
    private final float[] lanes = new float[Int8Rows.LANES];
    /** The correction terms for Q4_0 weights, which are stored as q + 8, by block of a group. */
    private final float[] offsets = new float[Int8Inputs.BLOCKS];

    /** Rounds the inputs, x [batch][columns]. */
    ColdInt8(WeightMatrix weights, float[] x) {
        this.weights = weights;
        columns = weights.columns();
        values = new byte[x.length];
        scales = new float[x.length / BLOCK];
        row = new byte[(int) weights.format().rowBytes(columns)];
        for (int block = 0; block < scales.length; block++) {
            float largest = 0;
            for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
                largest = Math.max(largest, Math.abs(x[i]));
            }
            boolean zero = largest < Int8Inputs.SMALLEST;
            float inverse = zero ? 0 : Int8Inputs.LARGEST / largest;
            for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
                values[i] = (byte) Float.floatToRawIntBits(x[i] * inverse + Int8Inputs.ROUNDER);
            }
            scales[block] = zero ? 0 : largest / Int8Inputs.LARGEST * Int8Inputs.UNIT;
        }
    }

    /** Reads the row that is multiplied next. */
    void load(int index) {
        MemorySegment.copy(weights.data(), Layouts.I8, weights.offset(index, 0), row, 0, row.length);
    }

    /** The row's product with one token. The columns that fill no group come first. */
    float multiply(int token) {
        Arrays.fill(lanes, 0);
        int blocks = columns / BLOCK;
        int whole = blocks - blocks % Int8Inputs.BLOCKS;
        for (int block = whole; block < blocks; block++) {
            add(token, block, block - blocks);
        }
        addOffsets();
        for (int block = 0; block < whole; block++) {
            add(token, block, block);
        }
        addOffsets();
        for (int lane = 0; lane < lanes.length; lane++) {
            lanes[lane] *= Int8Rows.SUM_UNIT;
        }
        return ColdFloats.sumLanes(lanes, 0);
    }

    private void addOffsets() {
        for (int lane = 0; lane < lanes.length && weights.format() == WeightFormat.Q4_0; lane++) {
            lanes[lane] += offsets[lane / LANE_COLUMNS] * Int8Rows.LANE_SHARE;
        }
        Arrays.fill(offsets, 0);
    }

    /** Adds a block's products to the lanes of its place in a group. */
    private void add(int token, int block, int place) {
        boolean fourBits = weights.format() == WeightFormat.Q4_0;
        int at = block * weights.format().blockBytes();
        int scale = ColdFloats.littleEndian(row, at) << 13 & Halves.BITS;
        float factor = Float.intBitsToFloat(scale) * scales[token * (columns / BLOCK) + block];
        int stored = at + Blocks32.SCALE_BYTES;
        int x = token * columns + block * BLOCK;
        int inGroup = Math.floorMod(place, Int8Inputs.BLOCKS);
        int inputs = 0;
        for (int lane = inGroup * LANE_COLUMNS; lane < (inGroup + 1) * LANE_COLUMNS; lane++) {
            int sum = 0;
            for (int i = 0; i < LANE_COLUMNS; i++) {
                int low = fourBits ? row[stored] & 0xf : row[stored];
                int high = fourBits ? row[stored] >> 4 & 0xf : row[stored + BLOCK / 2];
                sum += low * values[x] + high * values[x + BLOCK / 2];
                inputs += values[x] + values[x + BLOCK / 2];
                stored++;
                x++;
            }
            lanes[lane] = Math.fma((float) sum, factor, lanes[lane]);
        }
        offsets[inGroup] = Math.fma(factor, (float) (-Int8Inputs.EXCESS * inputs), offsets[inGroup]);
    }
}
