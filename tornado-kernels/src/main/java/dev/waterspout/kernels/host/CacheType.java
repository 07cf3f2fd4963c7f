package dev.waterspout.kernels.host;

/** How keys and values are kept. */
public enum CacheType {
    /** IEEE 754 binary32. */
    F32(Float.BYTES),
    /** IEEE 754 binary16: half the memory; what is beyond 65504 becomes infinite. */
    F16(Short.BYTES);

    private final int bytes;

    CacheType(int bytes) {
        this.bytes = bytes;
    }

    /** Returns the bytes of an element. */
    public int bytes() {
        return bytes;
    }
}
