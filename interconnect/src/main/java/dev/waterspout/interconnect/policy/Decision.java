package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A policy's decision and its inputs; the same on every rank.
 *
 * @param schedule the choices
 * @param table one row per size that was looked at
 * @param measurements the slowest rank's figures of links and codecs
 * @param ranks number of ranks that exchange
 * @param formats the formats to choose from
 */
public record Decision(
        CommSchedule schedule, List<Row> table, Measurements measurements, int ranks, List<WireFormat> formats) {
    /**
     * A choice and its times.
     *
     * @param choice collective, wire format and chunk size of an exchange
     * @param bytesSent bytes that one rank sends, frames and payload
     * @param predictedSeconds by the model
     * @param measuredSeconds measured time of a trial, if there was one of this size
     * @param expectedSeconds the prediction scaled by the trials, on which the decision is based
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
     * @param bytes bytes of the partial in f32
     * @param chosen the choice taken
     * @param plain the baseline: the fastest exchange without compression
     * @param options all choices, the fastest first
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

    /** Returns the decision as text: the measurements, and the choices per size. */
    public String explain() {
        return new DecisionText(this).toString();
    }
}
