package dev.waterspout.kernels.peer;

/**
 * A range of bytes to copy from one array to another.
 *
 * @param source the array that is read
 * @param sourceOffset first byte of its elements
 * @param targetOffset first byte of the target's elements
 * @param bytes length of the range
 */
record PeerCopy(DeviceArray source, long sourceOffset, long targetOffset, long bytes) {
    void requireInside(DeviceArray target) {
        source.requireInside("source", sourceOffset, bytes);
        target.requireInside("target", targetOffset, bytes);
    }
}
