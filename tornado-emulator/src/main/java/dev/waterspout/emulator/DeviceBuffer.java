package dev.waterspout.emulator;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.exceptions.TornadoMemoryException;

/**
 * An array in device memory, with its header. Copies are counted. Memory that no copy or kernel has written has all
 * bits set.
 */
public final class DeviceBuffer {
    private static final long ALIGNMENT = 64;
    private static final byte UNDEFINED = (byte) 0xFF;

    private final EmulatedDevice device;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private boolean freed;

    DeviceBuffer(EmulatedDevice device, long bytes) {
        this.device = device;
        segment = arena.allocate(bytes, ALIGNMENT).fill(UNDEFINED);
    }

    /** The memory: the header, then the elements. */
    public MemorySegment segment() {
        requireLive();
        return segment;
    }

    /** Bytes. */
    public long byteSize() {
        return segment.byteSize();
    }

    /** Returns the device that owns the buffer. */
    public EmulatedDevice device() {
        return device;
    }

    /** Copies an array of the same size, header and elements, to the device. */
    public void copyIn(MemorySegment host) {
        requireLive();
        device.countToDevice(host.byteSize());
        segment.copyFrom(host);
    }

    /** Copies a range to the same position of a host array. Offsets include the header. */
    public void copyOut(MemorySegment host, long offset, long bytes) {
        requireLive();
        device.countToHost(bytes);
        MemorySegment.copy(segment, offset, host, offset, bytes);
    }

    /** Whether the memory has been freed. */
    public synchronized boolean isFreed() {
        return freed;
    }

    /** Frees the memory. A second call does nothing. */
    public synchronized void free() {
        if (!freed) {
            freed = true;
            device.release(segment.byteSize());
            arena.close();
        }
    }

    private void requireLive() {
        if (isFreed()) {
            throw new TornadoMemoryException("an array on " + device.getDeviceName() + " is used after it was freed");
        }
    }
}
