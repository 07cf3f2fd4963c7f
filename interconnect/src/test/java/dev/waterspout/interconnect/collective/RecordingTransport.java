package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.testing.ForwardingTransport;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Records the sequence number of every exchange in which its rank sends frames. */
final class RecordingTransport extends ForwardingTransport {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int SEQUENCE_OFFSET = 8;

    private final List<Long> sequences = new ArrayList<>();

    RecordingTransport(Transport delegate) {
        super(delegate);
    }

    List<Long> sequences() {
        return sequences;
    }

    @Override
    public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
        for (MemorySegment message : outgoing) {
            if (message.byteSize() > 0) {
                sequences.add(message.get(LONG, SEQUENCE_OFFSET));
                break;
            }
        }
        return super.start(outgoing, incoming);
    }
}
