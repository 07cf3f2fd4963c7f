package dev.waterspout.kernels.host;

import dev.waterspout.kernels.weights.WeightFormat;

/** How keys and values are kept. */
public enum CacheType {
    /** IEEE 754 binary32. */
    F32(WeightFormat.F32),
    /** IEEE 754 binary16: half the memory; magnitudes from 65520 on become infinite. */
    F16(WeightFormat.F16),
    /**
     * 8 bits with a scale in binary16 per 32 elements: a quarter of the memory. Heads must have a multiple of 32
     * elements.
     */
    Q8_0(WeightFormat.Q8_0);

    private final WeightFormat format;

    CacheType(WeightFormat format) {
        this.format = format;
    }

    /** {@return the encoding of a head's elements} */
    public WeightFormat format() {
        return format;
    }

    /**
     * {@return the bytes of a head at one position}
     *
     * @param headDim elements of a head
     * @throws IllegalArgumentException if the type cannot keep such heads
     */
    public long rowBytes(int headDim) {
        if (headDim % format.blockElements() != 0) {
            throw new IllegalArgumentException("heads of " + headDim + " elements in a cache of " + this
                    + ": the elements of a head must be a multiple of " + format.blockElements());
        }
        return format.rowBytes(headDim);
    }
}
