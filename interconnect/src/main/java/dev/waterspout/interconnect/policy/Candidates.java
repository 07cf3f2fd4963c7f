package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.CodecProfile.Cost;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.List;

/** What there is to choose from, for each size of exchange. */
final class Candidates {
    /** Smaller messages are not worth a frame of their own. */
    private static final double LEAST_PAYLOAD = 64 << 10;
    /** A chunk keeps the link busy for so many times its latency. */
    private static final double LATENCIES = 10;
    /** The second chunk size is so many times the first. */
    private static final int SECOND_CHUNK = 4;

    private final CommSettings settings;
    private final int ranks;
    private final LinkProfile link;
    private final CodecProfile codec;

    Candidates(CommSettings settings, int ranks, LinkProfile link, CodecProfile codec) {
        this.settings = settings;
        this.ranks = ranks;
        this.link = link;
        this.codec = codec;
    }

    /** {@return 1, 2, 4, ... and the most rows} */
    List<Integer> sizes() {
        List<Integer> sizes = new ArrayList<>();
        for (int rows = 1; rows < settings.maxRows(); rows *= 2) {
            sizes.add(rows);
        }
        sizes.add(settings.maxRows());
        return sizes;
    }

    /** {@return what compression has to beat: plain formats uncut, f32 with the uncompressed all-reduce first} */
    List<CommChoice> baselines() {
        List<Algorithm> algorithms = new ArrayList<>(List.of(settings.plainAlgorithm(ranks)));
        settings.algorithms().stream()
                .filter(algorithm -> !algorithms.contains(algorithm))
                .toList()
                .forEach(algorithms::add);
        return settings.baselines().stream()
                .flatMap(format ->
                        algorithms.stream().map(algorithm -> new CommChoice(algorithm, format, CommChoice.UNCUT)))
                .toList();
    }

    /** {@return all choices for an exchange, the baselines first} */
    List<CommChoice> of(int rows) {
        List<CommChoice> choices = new ArrayList<>(baselines());
        for (WireFormat format : settings.formats()) {
            Cost cost = codec.costs().get(format);
            if (cost == null) {
                continue;
            }
            for (Algorithm algorithm : settings.algorithms()) {
                CommChoice uncut = new CommChoice(algorithm, format, CommChoice.UNCUT);
                if (!choices.contains(uncut)) {
                    choices.add(uncut);
                }
                long first = leastChunk(algorithm, format);
                for (long chunk : new long[] {first, SECOND_CHUNK * first}) {
                    if (chunk < rows && format.rowsIndependent()) {
                        choices.add(new CommChoice(algorithm, format, (int) chunk));
                    }
                }
            }
        }
        return choices;
    }

    /** {@return the rows of the smallest chunk that is worth a message, a power of two} */
    private long leastChunk(Algorithm algorithm, WireFormat format) {
        int peers = Math.max(1, ranks - 1);
        double busy = LATENCIES * link.latencySeconds() * link.bytesPerSecond() / peers;
        double bytes = Math.max(LEAST_PAYLOAD, Double.isNaN(busy) ? 0 : busy);
        double perRow = (double) format.rowBytes(settings.columns()) / (algorithm == Algorithm.TWOSTEP ? ranks : 1);
        double rows = Math.ceil(bytes / perRow);
        return rows >= 1 << 30 ? CommChoice.UNCUT : Long.highestOneBit(2 * (long) rows - 1);
    }
}
