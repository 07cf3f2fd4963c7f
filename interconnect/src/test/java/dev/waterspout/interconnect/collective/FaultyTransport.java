package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.testing.ForwardingTransport;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Injects one fault into one collective: into the messages that rank {@link #SENDER} sends, or those that another rank
 * receives from it.
 */
final class FaultyTransport extends ForwardingTransport {
    static final int SENDER = 1;

    /** The result that a rank gets which does not take part. */
    private static final Pending NOTHING = new Pending() {
        @Override
        public boolean poll() {
            return true;
        }

        @Override
        public void await() {}
    };

    private final Fault fault;
    private final int faultyCall;
    private int calls;
    private MemorySegment[] previous = new MemorySegment[0];

    FaultyTransport(Transport delegate, Fault fault, int faultyCall) {
        super(delegate);
        this.fault = fault;
        this.faultyCall = faultyCall;
    }

    @Override
    public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
        MemorySegment[] before = copies(incoming);
        MemorySegment[] sent = outgoing(outgoing);
        boolean faulty = calls++ == faultyCall;
        if (sent == null) {
            return NOTHING;
        }
        Pending pending = super.start(sent, incoming);
        return faulty && rank() != SENDER ? damaged(pending, incoming, before) : pending;
    }

    private MemorySegment @Nullable [] outgoing(MemorySegment[] messages) {
        MemorySegment[] replayed = previous;
        previous = copies(messages);
        if (rank() != SENDER || calls != faultyCall) {
            return messages;
        }
        MemorySegment[] sent = messages.clone();
        for (int peer = 0; peer < sent.length; peer++) {
            if (peer != SENDER && messages[peer].byteSize() > 0) {
                MemorySegment changed = fault.send(messages[peer], replayed[peer]);
                if (changed == null) {
                    return null;
                }
                sent[peer] = changed;
            }
        }
        return sent;
    }

    private Pending damaged(Pending pending, MemorySegment[] incoming, MemorySegment[] before) {
        return new Pending() {
            @Override
            public boolean poll() {
                return pending.poll();
            }

            @Override
            public void await() {
                pending.await();
                fault.receive(incoming, before, SENDER);
            }
        };
    }

    private static MemorySegment[] copies(MemorySegment[] segments) {
        return Arrays.stream(segments).map(FaultyTransport::copy).toArray(MemorySegment[]::new);
    }

    private static MemorySegment copy(MemorySegment segment) {
        return Arena.ofAuto().allocate(segment.byteSize()).copyFrom(segment);
    }
}
