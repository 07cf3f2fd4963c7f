package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Writes headers and checksums of a rank's frames, passes them to the transport, and validates received frames. Counts
 * exchanges for the sequence number. An invalid frame ends the group.
 */
public final class FrameExchange {
    private final Transport transport;
    private long sequence;
    /** Number of the exchange that was started last. */
    private @Nullable Pending latest;

    /** @param transport this rank's transport; all its frames must go through this one exchange */
    public FrameExchange(Transport transport) {
        this.transport = transport;
    }

    /** Returns this rank's number. */
    public int rank() {
        return transport.rank();
    }

    /** Returns the number of ranks. */
    public int size() {
        return transport.size();
    }

    Transport transport() {
        return transport;
    }

    /**
     * Starts an exchange of frames.
     *
     * @param layer number of the exchange in the forward pass
     * @param formatId format id of all payloads
     * @param outgoing packets to send, by receiving rank, with their payloads; one packet may go to several ranks
     * @param incoming packets to receive, by sending rank
     */
    Flight start(int layer, int formatId, Packet[] outgoing, Packet[] incoming) {
        int rank = transport.rank();
        MemorySegment[] sent = new MemorySegment[outgoing.length];
        MemorySegment[] received = new MemorySegment[incoming.length];
        long bytesSent = 0;
        long bytesReceived = 0;
        int messages = 0;
        Packet sealed = Packet.NONE;
        for (int peer = 0; peer < outgoing.length; peer++) {
            Packet packet = peer == rank ? Packet.NONE : outgoing[peer];
            if (!packet.isEmpty()) {
                if (!packet.equals(sealed)) {
                    FrameLayout.seal(packet.frame(), header(rank, layer, formatId, packet));
                    sealed = packet;
                }
                bytesSent += packet.frame().byteSize();
                messages++;
            }
            sent[peer] = packet.frame();
            received[peer] = peer == rank ? MemorySegment.NULL : incoming[peer].frame();
            bytesReceived += received[peer].byteSize();
        }
        Pending started = transport.start(sent, received);
        latest = started;
        Flight flight = new Flight(
                started, layer, formatId, sequence, incoming, new Traffic(bytesSent, bytesReceived, messages));
        sequence++;
        return flight;
    }

    /**
     * Makes progress on all messages in flight, without waiting. A rank that computes during exchanges calls it from
     * time to time.
     *
     * @throws InterconnectException if the group has ended
     */
    public void poll() {
        if (latest != null && latest.poll()) {
            latest = null;
        }
    }

    private FrameHeader header(int sender, int layer, int formatId, Packet packet) {
        return new FrameHeader(
                sender,
                sequence,
                layer,
                formatId,
                packet.rows(),
                packet.columns(),
                packet.frame().byteSize() - FrameLayout.HEADER_BYTES);
    }

    /** Frames in flight. */
    final class Flight {
        private final Pending pending;
        private final int layer;
        private final int formatId;
        private final long number;
        private final Packet[] incoming;
        private final Traffic traffic;

        private Flight(Pending pending, int layer, int formatId, long number, Packet[] incoming, Traffic traffic) {
            this.pending = pending;
            this.layer = layer;
            this.formatId = formatId;
            this.number = number;
            this.incoming = incoming;
            this.traffic = traffic;
        }

        /** Bytes of whole frames, once per peer. */
        Traffic traffic() {
            return traffic;
        }

        /** Makes progress on the messages, without waiting. */
        void poll() {
            pending.poll();
        }

        /** Waits for all frames and validates them. */
        void await() {
            pending.await();
            try {
                for (int peer = 0; peer < incoming.length; peer++) {
                    if (peer != transport.rank() && !incoming[peer].isEmpty()) {
                        verify(peer, incoming[peer]);
                    }
                }
            } catch (InterconnectException refused) {
                transport.abort(refused);
                throw refused;
            }
        }

        private void verify(int peer, Packet packet) {
            FrameHeader expected = new FrameHeader(
                    peer,
                    number,
                    layer,
                    formatId,
                    packet.rows(),
                    packet.columns(),
                    packet.frame().byteSize() - FrameLayout.HEADER_BYTES);
            FrameLayout.open(packet.frame(), peer, transport.rank()).requireEqual(expected, transport.rank());
        }
    }
}
