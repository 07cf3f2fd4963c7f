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
    /** {@link AllGather}: the most accurate, and with two ranks as few bytes as any other. */
    ALLGATHER,
    /** {@link TwoStep}: the fewest bytes from three ranks on; each rank sends less than two encoded partials. */
    TWOSTEP;

    /** Returns the name in options and reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the number of successive message steps of a sum. */
    public int steps() {
        return switch (this) {
            case ALLGATHER -> AllGather.STEPS;
            case TWOSTEP -> TwoStep.STEPS;
        };
    }

    /**
     * Returns a collective of one rank whose messages are sent while the rank computes. An all-gather sends all of its
     * chunks at once; a two-step exchange has one chunk.
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
     * Returns the number of parts that the rows are divided into before they are divided into chunks.
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
     * Returns the approximate number of frames of whole chunks that one rank holds at a time: the parts of a two-step
     * exchange differ by one row.
     *
     * @param ranks ranks of the group
     * @param chunked whether there is more than one chunk, so that chunks overlap
     */
    public long frames(int ranks, boolean chunked) {
        return switch (this) {
            case ALLGATHER -> (chunked ? 2L : 1) * ranks;
            // Frames to the owners of the parts, frames for this rank's part, and the sums.
            case TWOSTEP -> (chunked ? 3L : 1) * 3;
        };
    }

    /**
     * Returns the collective of one rank.
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
