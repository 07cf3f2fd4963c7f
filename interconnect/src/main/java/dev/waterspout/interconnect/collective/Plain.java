package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;

/**
 * The uncompressed all-reduce, for small messages and for reference: two ranks exchange their partials, more reduce and
 * gather in two steps, which takes the fewest bytes.
 */
public final class Plain implements Collective {
    private final Collective exchanged;

    /**
     * @param exchange this rank's frames
     * @param format what partials travel as
     * @param counters where bytes and times are counted
     * @param shape largest exchange, and chunks
     * @param arena owner of the frame buffers
     */
    public Plain(
            FrameExchange exchange, PlainFormat format, ExchangeCounters counters, ExchangeShape shape, Arena arena) {
        this.exchanged = exchange.transport().size() <= 2
                ? new AllGather(exchange, format, counters, shape, arena)
                : new TwoStep(exchange, format, counters, shape, arena);
    }

    @Override
    public WireFormat format() {
        return exchanged.format();
    }

    @Override
    public void sum(int number, PartialPort port, int rows) {
        exchanged.sum(number, port, rows);
    }
}
