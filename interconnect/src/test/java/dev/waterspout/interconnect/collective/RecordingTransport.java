package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Notes the sequence number of every exchange that its rank sends frames in. */
final class RecordingTransport implements Transport {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int SEQUENCE_OFFSET = 8;

    private final Transport delegate;
    private final List<Long> sequences = new ArrayList<>();

    RecordingTransport(Transport delegate) {
        this.delegate = delegate;
    }

    List<Long> sequences() {
        return sequences;
    }

    @Override
    public int rank() {
        return delegate.rank();
    }

    @Override
    public int size() {
        return delegate.size();
    }

    @Override
    public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
        for (MemorySegment message : outgoing) {
            if (message.byteSize() > 0) {
                sequences.add(message.get(LONG, SEQUENCE_OFFSET));
                break;
            }
        }
        return delegate.start(outgoing, incoming);
    }

    @Override
    public void alive() {
        delegate.alive();
    }

    @Override
    public void abort(Throwable cause) {
        delegate.abort(cause);
    }

    @Override
    public void close() {
        delegate.close();
    }
}
