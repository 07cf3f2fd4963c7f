package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a policy decided, and from what; the same on every rank.
 *
 * @param schedule the choices
 * @param table one row per size that was looked at
 * @param measurements what was measured of the links and codecs, of the slowest rank
 * @param ranks how many exchange
 * @param formats what there was to choose from
 */
public record Decision(
        CommSchedule schedule, List<Row> table, Measurements measurements, int ranks, List<WireFormat> formats) {
    /**
     * A choice and its times.
     *
     * @param choice how an exchange is done
     * @param bytesSent what one rank sends, frames and payload
     * @param predictedSeconds by the model
     * @param measuredSeconds by trial, if there was one of this size
     * @param expectedSeconds the prediction scaled by the trials: what was decided by
     */
    public record Option(
            CommChoice choice,
            double bytesSent,
            double predictedSeconds,
            OptionalDouble measuredSeconds,
            double expectedSeconds) {}

    /**
     * One size.
     *
     * @param rows tokens of an exchange
     * @param bytes of the partial in f32
     * @param chosen what was taken
     * @param plain what that has to beat: the fastest exchange without compression
     * @param options all there was, the fastest first
     * @param why the reason, in a few words
     */
    public record Row(int rows, long bytes, Option chosen, Option plain, List<Option> options, String why) {
        /** Copies the list. */
        public Row {
            options = List.copyOf(options);
        }
    }

    /** Copies the lists. */
    public Decision {
        table = List.copyOf(table);
        formats = List.copyOf(formats);
    }

    /** Returns the decision as text: what was measured, and per size what there was to choose from. */
    public String explain() {
        return new DecisionText(this).toString();
    }
}
