package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.transport.Transport;
import java.util.function.LongSupplier;

/**
 * The parts of a rank that measurements and trials use.
 *
 * @param transport transport of this rank, idle
 * @param exchange frames over the transport
 * @param control control messages over the same frames
 * @param ports ports that encode and sum
 * @param codecs costs of this rank's codecs that are known without a measurement
 * @param clocks clocks of this rank
 * @param barrier called on all ranks before each exchange that is timed as a trial; returns when all ranks have called
 *     it
 */
public record Bench(
        Transport transport,
        FrameExchange exchange,
        ControlChannel control,
        PortFactory ports,
        CodecSource codecs,
        Clocks clocks,
        Runnable barrier) {
    /** A bench whose barrier is that of the control channel. */
    public Bench(
            Transport transport,
            FrameExchange exchange,
            ControlChannel control,
            PortFactory ports,
            CodecSource codecs,
            Clocks clocks) {
        this(transport, exchange, control, ports, codecs, clocks, control::barrier);
    }

    /** Returns the time, as {@link System#nanoTime}. */
    public LongSupplier nanoClock() {
        return clocks.nanos();
    }
}
