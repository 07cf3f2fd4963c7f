package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import dev.waterspout.kernels.vector.ByteLanes;
import dev.waterspout.kernels.vector.Halves;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * 32 weights of 4 bits with a scale: weight {@code (q - 8) * d}.
 *
 * <pre>
 *   byte 0     2
 *        +-----+------------+
 *        |  d  | 16 bytes   |   d binary16; low nibble of byte j: q of weight j, high: of j + 16
 *        +-----+------------+
 * </pre>
 */
final class Q40 extends ScaledQuants {
    static final int ID = 2;
    static final int BYTES = 18;
    private static final MemorySegment ALL = Memory.ALL;

    Q40() {
        super(ID, 32, BYTES, 32, false, -8, 7);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        return ((Stored.unsigned(data, block + Blocks32.SCALE_BYTES + index % 16) >> (index / 16 * 4) & 0xf) - 8)
                * Stored.half(data, block);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.half(block));
        for (int i = 0; i < Blocks32.BLOCK / 2; i += Long.BYTES) {
            long pairs = Stored.eight(block + Blocks32.SCALE_BYTES + i);
            to.put(i, QuantBlock.minus(QuantBlock.low(pairs), 8));
            to.put(Blocks32.BLOCK / 2 + i, QuantBlock.minus(QuantBlock.high(pairs), 8));
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
            FloatVector scale = FloatVector.broadcast(Lanes.FLOATS, Halves.at(block));
            for (int i = 0; i < Blocks32.BLOCK / 2; i += Lanes.COUNT) {
                IntVector pairs = ByteLanes.unsigned(block + Blocks32.SCALE_BYTES, i);
                FloatVector low = (FloatVector) pairs.and(0xf).sub(8).castShape(Lanes.FLOATS, 0);
                FloatVector high = (FloatVector)
                        pairs.lanewise(VectorOperators.LSHR, 4).sub(8).castShape(Lanes.FLOATS, 0);
                low.mul(scale)
                        .intoMemorySegment(
                                ALL,
                                to
                                        + (long) (b & Memory.INDEX) * Blocks32.BLOCK * Float.BYTES
                                        + (long) (i & Memory.INDEX) * Float.BYTES,
                                Layouts.ORDER);
                high.mul(scale)
                        .intoMemorySegment(
                                ALL,
                                to
                                        + (long) (b & Memory.INDEX) * Blocks32.BLOCK * Float.BYTES
                                        + (Blocks32.BLOCK / 2 + (i & Memory.INDEX)) * (long) Float.BYTES,
                                Layouts.ORDER);
            }
        }
    }

    @Override
    void unpackCold(byte[] stored, float[] target) {
        int block = 0;
        for (int first = 0; first < target.length; first += Blocks32.BLOCK) {
            float scale = Stored.half(stored, block);
            int pairs = block + Blocks32.SCALE_BYTES;
            for (int i = 0; i < Blocks32.BLOCK / 2; i++) {
                target[first + i] = ((stored[pairs + i] & 0xf) - 8) * scale;
                target[first + Blocks32.BLOCK / 2 + i] = ((stored[pairs + i] >> 4 & 0xf) - 8) * scale;
            }
            block += Blocks32.Q4_BYTES;
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
        code.storeNibbles(Blocks32.SCALE_BYTES, 0);
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0).withLess(8);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block));
    }
}
