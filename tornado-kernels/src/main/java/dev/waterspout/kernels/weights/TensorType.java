package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.FloatStorage;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The encoding of a tensor type. A row is a sequence of blocks; all numbers are little-endian.
 */
abstract class TensorType {
    private final int id;
    private final int blockElements;
    private final int blockBytes;

    TensorType(int id, int blockElements, int blockBytes) {
        this.id = id;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** {@return the number of the type in files} */
    final int id() {
        return id;
    }

    public final int blockElements() {
        return blockElements;
    }

    public final int blockBytes() {
        return blockBytes;
    }

    /**
     * {@return a weight, as the reference}
     *
     * @param data holds the block
     * @param block offset of the block in the data
     * @param index index of the weight in the block
     */
    abstract float weight(MemorySegment data, long block, int index);

    /**
     * Unpacks consecutive weights of a row to f32, with the bits of {@link #weight}.
     *
     * @param address address of the first block
     * @param count number of weights, a multiple of the block
     * @param target address of the first float
     * @param scratch the caller's
     */
    abstract void unpack(long address, int count, long target, QuantBlock scratch);

    /**
     * Unpacks a row by loops over arrays, which are fast before the JVM has compiled anything; the bits are the same.
     *
     * @param stored the row's bytes
     * @param target one float per weight
     */
    void unpackCold(byte[] stored, float[] target) {
        MemorySegment data = MemorySegment.ofArray(stored);
        for (int i = 0; i < target.length; i++) {
            int inBlock = i % blockElements;
            target[i] = weight(data, (long) (i / blockElements) * blockBytes, inBlock);
        }
    }

    /** {@return how weights that are floats are stored; null if weights are something else} */
    @Nullable
    FloatStorage floats() {
        return null;
    }

    /** {@return how {@link Panels} store the type; null if there are none} */
    @Nullable
    PanelLayout panels() {
        return null;
    }
}
