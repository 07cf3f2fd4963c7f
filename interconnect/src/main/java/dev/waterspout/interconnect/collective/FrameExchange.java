package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;

/**
 * Seals a rank's frame, hands it to the transport and validates what comes back. Counts collectives for the sequence
 * number: an exchange that failed is not counted, so none can follow it.
 */
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

    /** This rank's frame to the root. */
    void sendTo(int root, MemorySegment frame, FrameHeader header) {
        FrameLayout.seal(frame, header);
        transport.gather(root, frame, null);
        sequence++;
    }

    /** Every other rank's frame to this rank; each is as the header says, but {@code columns[peer]} elements wide. */
    void receive(FrameHeader header, MemorySegment[] received, int[] columns) {
        transport.gather(transport.rank(), MemorySegment.NULL, received);
        for (int peer = 0; peer < received.length; peer++) {
            verify(received[peer], peer, header, columns[peer]);
        }
        sequence++;
    }

    private void verify(MemorySegment frame, int peer, FrameHeader own, int columns) {
        int rank = transport.rank();
        if (peer == rank) {
            return;
        }
        long payloadBytes = frame.byteSize() - FrameLayout.HEADER_BYTES;
        FrameHeader expected =
                new FrameHeader(peer, own.sequence(), own.layer(), own.formatId(), own.rows(), columns, payloadBytes);
        FrameLayout.open(frame, peer, rank).requireEqual(expected, rank);
    }
}
