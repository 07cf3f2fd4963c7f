package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.LinkCost;

/**
 * Predicts how long an exchange takes, in seconds.
 *
 * <p>With N ranks, E = rows x columns elements, p = encoded bytes of the partial, h = 48 bytes of header per message, L
 * = latency in seconds, B = bandwidth in bytes per second, C chunks, o = L / 2 the message cost of a further chunk for
 * a rank, and for each of encode, reduce and sum a fixed time f per call and a time e per element:
 *
 * <pre>
 *   communication K   all-gather  L + (N - 1) (p + C h) / B
 *                     two-step    2 L + 2 (N - 1) (p / N + C h) / B
 *   work A            all-gather  C f(encode) + E e(encode)  +  C f(sum) + N E e(sum)  +  (C - 1) o
 *                     two-step    C N f(encode) + E e(encode)  +  C f(reduce) + E e(reduce)  +  C N f(sum) + E e(sum)
 *                                 +  2 (C - 1) o
 *   seconds           max(K, A) + min(K, A) / C
 * </pre>
 *
 * In a two-step exchange a rank encodes one part for each rank, reduces N packets of its own part of E / N elements,
 * and adds N sums of E / N elements. Without chunks nothing overlaps and the time is K + A. With many chunks the
 * shorter of K and A overlaps with the longer, and the latencies of the chunks overlap with each other, but each chunk
 * adds messages and fixed costs to A. The value o = L / 2 was measured over TCP, with one core per rank and with half
 * a core.
 */
public final class CostModel {
    /** The fraction of a small exchange's time that a rank's processor spends on sending and receiving. */
    private static final double MESSAGE_SHARE = 0.5;

    private final int ranks;
    private final int columns;
    private final LinkCost link;
    private final CodecCosts codec;

    /**
     * @param ranks number of ranks that exchange, at least 1
     * @param columns elements of a row
     * @param link latency and bandwidth
     * @param codec the cost of encode, reduce and sum per format; the cost of any other format is infinite
     */
    public CostModel(int ranks, int columns, LinkCost link, CodecCosts codec) {
        this.ranks = ranks;
        this.columns = columns;
        this.link = link;
        this.codec = codec;
    }

    /**
     * Returns the seconds of one exchange, from its start to the residual.
     *
     * @param choice collective, wire format and chunk size
     * @param rows tokens, at least 1
     */
    public double seconds(CommChoice choice, int rows) {
        Cost cost = codec.costs().get(choice.format());
        if (cost == null) {
            return Double.POSITIVE_INFINITY;
        }
        int chunks = chunks(choice, rows);
        double communication = communication(choice, rows);
        double messages = (chunks - 1) * steps(choice) * MESSAGE_SHARE * link.latencySeconds();
        double work = arithmetic(choice.algorithm(), cost, (double) rows * columns, chunks) + messages;
        return Math.max(communication, work) + Math.min(communication, work) / chunks;
    }

    /**
     * Returns the bytes that one rank sends, frames and payload.
     *
     * @param choice collective, wire format and chunk size
     * @param rows tokens, at least 1
     */
    public double bytesSent(CommChoice choice, int rows) {
        double payload = choice.format().encodedBytes(rows, columns);
        double headers = (double) chunks(choice, rows) * FrameLayout.HEADER_BYTES;
        return (ranks - 1)
                * switch (choice.algorithm()) {
                    case ALLGATHER -> payload + headers;
                    case TWOSTEP -> 2 * (payload / ranks + headers);
                };
    }

    private double communication(CommChoice choice, int rows) {
        return steps(choice) * link.latencySeconds() + bytesSent(choice, rows) / link.bytesPerSecond();
    }

    private static int steps(CommChoice choice) {
        return choice.algorithm().steps();
    }

    private double arithmetic(Algorithm algorithm, Cost cost, double elements, int chunks) {
        return switch (algorithm) {
            case ALLGATHER ->
                cost.encode().seconds(chunks, elements) + cost.decodeSum().seconds(chunks, ranks * elements);
            case TWOSTEP ->
                cost.encode().seconds((double) chunks * ranks, elements)
                        + cost.reduce().seconds(chunks, elements)
                        + cost.decodeSum().seconds((double) chunks * ranks, elements);
        };
    }

    private int chunks(CommChoice choice, int rows) {
        return ExchangeShape.chunkCount(
                rows, choice.chunkRows(), choice.algorithm().parts(ranks));
    }
}
