package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.interconnect.testing.ForwardingTransport;
import dev.waterspout.interconnect.transport.Pending;
import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.MemorySegment;

/**
 * A link of some latency and bandwidth, with a token bucket: messages are delivered at once, and the rank's simulated
 * clock advances by the time that they would take. Half of the latency counts as the rank's own work.
 */
final class ThrottledTransport extends ForwardingTransport {
    private final SimulatedClock clock;
    private final double latency;
    private final double bytesPerSecond;
    private final double burst;

    private double tokens;
    private double free;
    private int exchanges;

    ThrottledTransport(Transport delegate, SimulatedClock clock, LinkCost link, double burst) {
        super(delegate);
        this.clock = clock;
        this.latency = link.latencySeconds();
        this.bytesPerSecond = link.bytesPerSecond();
        this.burst = burst;
        this.tokens = burst;
    }

    int exchanges() {
        return exchanges;
    }

    @Override
    public Pending start(MemorySegment[] outgoing, MemorySegment[] incoming) {
        exchanges++;
        double bytes = 0;
        for (int peer = 0; peer < outgoing.length; peer++) {
            bytes += peer == rank() ? 0 : outgoing[peer].byteSize();
        }
        Pending pending = super.start(outgoing, incoming);
        clock.pass(latency / 2);
        double begin = Math.max(free, clock.seconds());
        tokens = Math.min(burst, tokens + (begin - free) * bytesPerSecond);
        double atOnce = Math.min(tokens, bytes);
        tokens -= atOnce;
        free = begin + (bytes - atOnce) / bytesPerSecond;
        double arrival = free + latency / 2;
        return new Pending() {
            @Override
            public boolean poll() {
                return pending.poll();
            }

            @Override
            public void await() {
                pending.await();
                clock.passUntil(arrival);
            }
        };
    }
}
