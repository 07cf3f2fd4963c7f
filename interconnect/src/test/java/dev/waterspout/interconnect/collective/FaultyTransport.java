package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Injects one fault into one collective: into what rank {@link #SENDER} sends, or into what any other receives from it.
 */
final class FaultyTransport implements Transport {
    static final int SENDER = 1;

    private final Transport delegate;
    private final Fault fault;
    private final int faultyCall;
    private int calls;
    private MemorySegment previous = MemorySegment.NULL;

    FaultyTransport(Transport delegate, Fault fault, int faultyCall) {
        this.delegate = delegate;
        this.fault = fault;
        this.faultyCall = faultyCall;
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
        MemorySegment[] before = copies(received);
        MemorySegment sent = outgoing(message);
        if (sent != null) {
            delegate.allGather(sent, received);
            incoming(received, before);
        }
        calls++;
    }

    @Override
    public void gather(int root, MemorySegment message, MemorySegment @Nullable [] received) {
        MemorySegment[] before = received == null ? new MemorySegment[0] : copies(received);
        MemorySegment sent = outgoing(message);
        if (sent != null) {
            delegate.gather(root, sent, received);
            if (received != null) {
                incoming(received, before);
            }
        }
        calls++;
    }

    private @Nullable MemorySegment outgoing(MemorySegment message) {
        MemorySegment replayed = previous;
        previous = copy(message);
        return rank() == SENDER && calls == faultyCall ? fault.send(message, replayed) : message;
    }

    private void incoming(MemorySegment[] received, MemorySegment[] before) {
        if (rank() != SENDER && calls == faultyCall) {
            fault.receive(received, before, SENDER);
        }
    }

    private static MemorySegment[] copies(MemorySegment[] segments) {
        return Arrays.stream(segments).map(FaultyTransport::copy).toArray(MemorySegment[]::new);
    }

    private static MemorySegment copy(MemorySegment segment) {
        return Arena.ofAuto().allocate(segment.byteSize()).copyFrom(segment);
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
