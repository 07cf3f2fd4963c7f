package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.AllGather;
import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.collective.TwoStep;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.util.Locale;

/** The collectives to choose from. */
public enum Algorithm {
    /** {@link AllGather}: most accurate, and with two ranks no more bytes than any other. */
    ALLGATHER,
    /** {@link TwoStep}: the fewest bytes from three ranks on; each rank sends less than two encoded partials. */
    TWOSTEP;

    /** Returns the name that users know. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns how often a sum is advanced until it is complete: how many messages follow each other. */
    public int steps() {
        return switch (this) {
            case ALLGATHER -> AllGather.STEPS;
            case TWOSTEP -> TwoStep.STEPS;
        };
    }

    /**
     * Makes a collective of one rank whose messages are under way while the rank computes. An all-gather sends all of
     * its chunks at once; two steps take one chunk.
     *
     * @param exchange the rank's frames
     * @param format wire format of partials
     * @param counters counters of bytes and times
     * @param shape largest exchange, and chunks
     * @param arena owner of the frame buffers
     */
    public Collective ahead(
            FrameExchange exchange, WireFormat format, ExchangeCounters counters, ExchangeShape shape, Arena arena) {
        return switch (this) {
            case ALLGATHER -> AllGather.ahead(exchange, format, counters, shape, arena);
            case TWOSTEP ->
                new TwoStep(
                        exchange,
                        format,
                        counters,
                        new ExchangeShape(shape.maxRows(), shape.columns(), shape.maxRows()),
                        arena);
        };
    }

    /**
     * Returns into how many parts the rows are divided before they are cut into chunks.
     *
     * @param ranks ranks of the group
     */
    public int parts(int ranks) {
        return switch (this) {
            case ALLGATHER -> 1;
            case TWOSTEP -> ranks;
        };
    }

    /**
     * Returns the frames of whole chunks that one rank holds at a time, nearly: parts of two steps differ by a row.
     *
     * @param ranks ranks of the group
     * @param chunked whether there is more than one chunk, so that chunks overlap
     */
    public long frames(int ranks, boolean chunked) {
        return switch (this) {
            case ALLGATHER -> (chunked ? 2L : 1) * ranks;
            // What goes to the owners of the parts, what comes for this rank's part, and the sums.
            case TWOSTEP -> (chunked ? 3L : 1) * 3;
        };
    }

    /**
     * Makes the collective of one rank.
     *
     * @param exchange the rank's frames
     * @param format wire format of partials
     * @param counters counters of bytes and times
     * @param shape largest exchange, and chunks
     * @param arena owner of the frame buffers
     */
    public Collective create(
            FrameExchange exchange, WireFormat format, ExchangeCounters counters, ExchangeShape shape, Arena arena) {
        return switch (this) {
            case ALLGATHER -> new AllGather(exchange, format, counters, shape, arena);
            case TWOSTEP -> new TwoStep(exchange, format, counters, shape, arena);
        };
    }
}
