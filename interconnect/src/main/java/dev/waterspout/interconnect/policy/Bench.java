package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.transport.Transport;
import java.util.function.LongSupplier;

/**
 * What a rank measures with.
 *
 * @param transport this rank's; idle
 * @param exchange its frames
 * @param control on the same frames
 * @param ports where to encode and sum
 * @param codecs what is known of this rank's codecs without measuring
 * @param clocks the time
 * @param meeting called on all ranks before each exchange that is timed as a trial; ranks leave it together
 */
public record Bench(
        Transport transport,
        FrameExchange exchange,
        ControlChannel control,
        PortFactory ports,
        CodecSource codecs,
        Clocks clocks,
        Runnable meeting) {
    /** Ranks meet over the control channel. */
    public Bench(
            Transport transport,
            FrameExchange exchange,
            ControlChannel control,
            PortFactory ports,
            CodecSource codecs,
            Clocks clocks) {
        this(transport, exchange, control, ports, codecs, clocks, control::meet);
    }

    /** {@return the time, as {@link System#nanoTime}} */
    LongSupplier nanoClock() {
        return clocks.nanos();
    }
}
