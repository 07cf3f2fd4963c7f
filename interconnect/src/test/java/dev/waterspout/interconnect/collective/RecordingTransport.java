package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Notes the sequence number of every frame that its rank sends. */
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
    public void allGather(MemorySegment message, MemorySegment[] received) {
        sequences.add(message.get(LONG, SEQUENCE_OFFSET));
        delegate.allGather(message, received);
    }

    @Override
    public void gather(int root, MemorySegment message, MemorySegment @Nullable [] received) {
        if (rank() != root) {
            sequences.add(message.get(LONG, SEQUENCE_OFFSET));
        }
        delegate.gather(root, message, received);
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
