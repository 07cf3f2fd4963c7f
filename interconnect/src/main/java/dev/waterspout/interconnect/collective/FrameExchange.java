package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;

/** Seals a rank's frame, hands it to the transport and validates what comes back. Counts collectives for the sequence number. */
public final class FrameExchange {
    private final Transport transport;
    private long sequence;

    /** @param transport this rank's transport; all its frames must go through this one exchange */
    public FrameExchange(Transport transport) {
        this.transport = transport;
    }

    Transport transport() {
        return transport;
    }

    /** Describes this rank's next frame. */
    FrameHeader header(int layer, int formatId, int rows, int columns, long payloadBytes) {
        return new FrameHeader(transport.rank(), sequence, layer, formatId, rows, columns, payloadBytes);
    }

    /** Every rank's frame to every rank; the frame at this rank's own place is not touched. */
    void allGather(MemorySegment frame, FrameHeader header, MemorySegment[] received) {
        FrameLayout.seal(frame, header);
        transport.allGather(frame, received);
        for (int peer = 0; peer < received.length; peer++) {
            verify(received[peer], peer, header, header.columns());
        }
        sequence++;
    }

    /** Every rank's frame to the root; {@code columns[rank]} elements wide each. */
    void gather(int root, MemorySegment frame, FrameHeader header, MemorySegment[] received, int[] columns) {
        FrameLayout.seal(frame, header);
        boolean receives = transport.rank() == root;
        transport.gather(root, frame, receives ? received : null);
        for (int peer = 0; receives && peer < received.length; peer++) {
            verify(received[peer], peer, header, columns[peer]);
        }
        sequence++;
    }

    private void verify(MemorySegment frame, int peer, FrameHeader own, int columns) {
        if (peer == transport.rank()) {
            return;
        }
        long payloadBytes = frame.byteSize() - FrameLayout.HEADER_BYTES;
        FrameLayout.open(frame, peer)
                .requireEqual(new FrameHeader(
                        peer, own.sequence(), own.layer(), own.formatId(), own.rows(), columns, payloadBytes));
    }
}
