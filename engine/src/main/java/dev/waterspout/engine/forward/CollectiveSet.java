package dev.waterspout.engine.forward;

import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/** The collectives of one rank that its schedule chooses from. */
final class CollectiveSet {
    private final CommSchedule schedule;
    private final Map<CommChoice, Collective> collectives = new HashMap<>();

    /**
     * @param schedule collective of each size
     * @param exchange the rank's frames
     * @param counters counters of bytes and times
     * @param maxRows most tokens in one exchange
     * @param columns elements of a partial's row, the model's width
     * @param arena owner of the frame buffers
     */
    CollectiveSet(
            CommSchedule schedule,
            FrameExchange exchange,
            ExchangeCounters counters,
            int maxRows,
            int columns,
            Arena arena) {
        this.schedule = schedule;
        schedule.choices().forEach(choice -> {
            ExchangeShape shape = new ExchangeShape(maxRows, columns, choice.chunkRows());
            collectives.put(choice, choice.algorithm().create(exchange, choice.format(), counters, shape, arena));
        });
    }

    /** Returns the collective for an exchange by its number in the forward pass and its number of rows. */
    Collective of(int rows, int exchange) {
        Collective collective = collectives.get(schedule.choice(rows, exchange));
        if (collective == null) {
            throw new IllegalStateException("no collective was made for " + rows + " rows");
        }
        return collective;
    }

    /** Returns the approximate bytes of the frames that a choice needs. */
    static long frameBytes(CommChoice choice, int ranks, int maxRows, int columns) {
        if (ranks == 1) {
            return 0;
        }
        int rows = Math.min(maxRows, choice.chunkRows());
        long whole = FrameLayout.HEADER_BYTES + choice.format().encodedBytes(rows, columns);
        return choice.algorithm().frames(ranks, rows < maxRows) * whole;
    }
}
