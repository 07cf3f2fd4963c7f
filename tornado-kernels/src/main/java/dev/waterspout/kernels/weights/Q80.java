package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import dev.waterspout.kernels.vector.ByteLanes;
import dev.waterspout.kernels.vector.Halves;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * 32 weights of 8 bits with a scale: weight {@code q * d}.
 *
 * <pre>
 *   byte 0     2
 *        +-----+------------+
 *        |  d  | 32 bytes   |   d binary16; byte j: q of weight j, with sign
 *        +-----+------------+
 * </pre>
 */
final class Q80 extends ScaledQuants {
    static final int ID = 8;
    static final int BYTES = 34;
    private static final MemorySegment ALL = Memory.ALL;

    Q80() {
        super(ID, 32, BYTES, 32, false, -128, 127);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        return Stored.signed(data, block + Blocks32.SCALE_BYTES + index) * Stored.half(data, block);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.half(block));
        for (int i = 0; i < Blocks32.BLOCK; i += Long.BYTES) {
            to.put(i, Stored.eight(block + Blocks32.SCALE_BYTES + i));
        }
    }

    @Override
    void unpack(long address, int count, long target, QuantBlock scratch) {
        expand(address, count, target);
    }

    private static void expand(long address, int count, long target) {
        long from = address & Memory.MASK;
        long to = target & Memory.MASK;
        int blocks = count / Blocks32.BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = from + (long) (b & Memory.INDEX) * BYTES;
            float scale = Halves.at(block);
            for (int i = 0; i < Blocks32.BLOCK; i += Lanes.COUNT) {
                FloatVector q = ByteLanes.signed(block + Blocks32.SCALE_BYTES, i);
                q.mul(scale)
                        .intoMemorySegment(
                                ALL,
                                to
                                        + (long) (b & Memory.INDEX) * Blocks32.BLOCK * Float.BYTES
                                        + (long) (i & Memory.INDEX) * Float.BYTES,
                                Layouts.ORDER);
            }
        }
    }

    @Override
    void unpackCold(byte[] stored, float[] target) {
        int block = 0;
        for (int first = 0; first < target.length; first += Blocks32.BLOCK) {
            float scale = Stored.half(stored, block);
            int values = block + Blocks32.SCALE_BYTES;
            for (int i = 0; i < Blocks32.BLOCK; i++) {
                target[first + i] = stored[values + i] * scale;
            }
            block += Blocks32.Q8_BYTES;
        }
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        code.half(BlockCode.OWN, 0);
        code.storeScale(0, BlockCode.OWN);
        for (int half = 0; half < Blocks32.BLOCK; half += 16) {
            int quads = code.numbers(Blocks32.SCALE_BYTES + half);
            for (int i = 0; i < BlockCode.QUADS; i++) {
                code.storeSigned(half + 4 * i, quads + i);
            }
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(8, 0);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block));
    }
}
