package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.CommSchedule.Step;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.Optional;

/**
 * The schedule of a fixed format by two rules, without trials. G is the link's bandwidth in Gbit/s, at least 1:
 *
 * <pre>
 *   collective   all-gather for 2 ranks, and for a message of which two steps would save less than G x 4 KB a rank;
 *                else two-step
 *   chunk        G x 64 KB encoded, G x 256 KB of an uncompressed format
 * </pre>
 *
 * A second step takes about the time of 4 KB at 1 Gbit/s; a chunk takes about 0.5 ms. docs/lab/collectives.md compares
 * these rules with measured choices.
 */
public final class DefaultSchedule {
    private static final double GIGABIT = 125e6;
    private static final double STEP_BYTES = 4 << 10;
    private static final double CHUNK_BYTES = 64 << 10;
    private static final double PLAIN_CHUNK_BYTES = 256 << 10;

    private DefaultSchedule() {}

    /**
     * Returns the collective with the fewest bytes, which is also the collective of an uncompressed all-reduce.
     *
     * @param ranks number of ranks that exchange, at least 1
     */
    public static Algorithm algorithm(int ranks) {
        return ranks <= 2 ? Algorithm.ALLGATHER : Algorithm.TWOSTEP;
    }

    /**
     * Returns the rows of a chunk, or {@link CommChoice#UNCUT} if messages are not divided into chunks.
     *
     * @param format the wire format of partials
     * @param columns elements of a row
     * @param link between the ranks; {@link LinkCost#NONE} where they share memory
     */
    public static int chunkRows(WireFormat format, int columns, LinkCost link) {
        double bytes = scale(link) * (format instanceof PlainFormat ? PLAIN_CHUNK_BYTES : CHUNK_BYTES);
        return (int) Math.clamp(bytes / format.rowBytes(columns), 1, CommChoice.UNCUT);
    }

    /**
     * Returns the schedule of a format.
     *
     * @param format the wire format of partials
     * @param collective the one to use for every size, or empty for the rule's
     * @param ranks number of ranks that exchange
     * @param columns elements of a row
     * @param link between the ranks; {@link LinkCost#NONE} where they share memory and a second step costs nothing
     */
    public static CommSchedule of(
            WireFormat format, Optional<Algorithm> collective, int ranks, int columns, LinkCost link) {
        Algorithm algorithm = collective.orElse(algorithm(ranks));
        CommChoice large = new CommChoice(algorithm, format, chunkRows(format, columns, link));
        double saved = (ranks - 1) * (1 - 2.0 / ranks) * format.rowBytes(columns);
        boolean oneStepIsFaster = collective.isEmpty()
                && algorithm == Algorithm.TWOSTEP
                && !link.equals(LinkCost.NONE)
                && saved <= scale(link) * STEP_BYTES;
        if (!oneStepIsFaster) {
            return CommSchedule.fixed(large);
        }
        CommChoice small = new CommChoice(Algorithm.ALLGATHER, format, CommChoice.UNCUT);
        return new CommSchedule(
                List.of(new Step((int) (scale(link) * STEP_BYTES / saved), small), new Step(Integer.MAX_VALUE, large)));
    }

    /** {@return the bandwidth in Gbit/s, at least 1} */
    private static double scale(LinkCost link) {
        return Math.max(1, link.bytesPerSecond() / GIGABIT);
    }
}
