package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.WireFormat;

/**
 * A wire format and its sizes, specified independently of the codec.
 *
 * @param text of the format
 * @param block elements that share a scale
 * @param scaleBits of one scale
 * @param elementBits of one element
 */
record Wire(String text, int block, int scaleBits, int elementBits) {
    static final Wire F32 = new Wire("f32", 1, 0, 32);
    static final Wire BF16 = new Wire("bf16", 1, 0, 16);
    static final Wire E2M1 = new Wire("e2m1:32:e8m0", 32, 8, 4);
    static final Wire E4M3 = new Wire("e4m3:16:e5m0", 16, 5, 8);
    static final Wire INT8 = new Wire("int8:32:f16", 32, 16, 8);

    static final int HEADER_BYTES = 48;

    WireFormat format() {
        return WireFormat.parse(text);
    }

    /** {@return the bytes of a frame, including the header} */
    long frameBytes(int rows, int columns) {
        long blocks = Math.ceilDiv(columns, block);
        return HEADER_BYTES + rows * ((blocks * scaleBits + 7) / 8 + ((long) columns * elementBits + 7) / 8);
    }

    @Override
    public String toString() {
        return text;
    }
}
