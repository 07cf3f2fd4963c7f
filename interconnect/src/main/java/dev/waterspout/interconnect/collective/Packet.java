package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.frame.FrameLayout;
import java.lang.foreign.MemorySegment;

/**
 * A frame and the shape of its payload.
 *
 * @param frame header and payload without padding; empty for no message
 * @param rows rows in the payload
 * @param columns elements in a row
 */
record Packet(MemorySegment frame, int rows, int columns) {
    /** Nothing to send or to receive. */
    static final Packet NONE = new Packet(MemorySegment.NULL, 0, 0);

    boolean isEmpty() {
        return frame.byteSize() == 0;
    }

    MemorySegment payload() {
        return FrameLayout.payload(frame);
    }
}
