package dev.waterspout.interconnect.testing;

import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Forwards all calls to another transport: a base class for test doubles that change one of them. */
public abstract class ForwardingTransport implements Transport {
    private final Transport delegate;

    /** Forwards to this one. */
    protected ForwardingTransport(Transport delegate) {
        this.delegate = delegate;
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
    public List<String> hosts() {
        return delegate.hosts();
    }

    @Override
    public String description() {
        return delegate.description();
    }

    @Override
    public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
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
