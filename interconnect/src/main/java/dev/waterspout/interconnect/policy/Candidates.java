package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.List;

/** The choices for each size of exchange. */
public final class Candidates {
    /**
     * Chunk sizes to try, in halves of the default chunk. Large chunks suit fast links, small chunks slow links. Only
     * two or more chunks overlap.
     */
    private static final int[] HALVES_OF_CHUNK = {1, 2, 4, 8};

    /**
     * Largest message that is sent without chunks, as a multiple of the default chunk. A larger one would not overlap
     * with anything, and over TCP MPI sends messages from 512 KB on only after a handshake with the receiver.
     */
    private static final int LARGEST_UNCUT = 4;

    private final CommSettings settings;
    private final int ranks;
    private final CodecCosts codec;

    Candidates(CommSettings settings, int ranks, CodecCosts codec) {
        this.settings = settings;
        this.ranks = ranks;
        this.codec = codec;
    }

    /** Returns the sizes in rows, ascending: 1, 2, 4, ... and the most rows. */
    public List<Integer> sizes() {
        List<Integer> sizes = new ArrayList<>();
        for (int rows = 1; rows < settings.maxRows(); rows *= 2) {
            sizes.add(rows);
        }
        sizes.add(settings.maxRows());
        return sizes;
    }

    /** Returns the sizes to try first, ascending: 1, and the most rows divided by 1, 8, 64, ... */
    public List<Integer> mainSizes() {
        List<Integer> sizes = sizes();
        List<Integer> main = new ArrayList<>();
        for (int i = sizes.size() - 1; i > 0; i -= 3) {
            main.addFirst(sizes.get(i));
        }
        main.addFirst(sizes.getFirst());
        return main.stream().distinct().toList();
    }

    /**
     * Returns the baselines that compression must beat: uncompressed formats without chunks, first f32 by the
     * uncompressed all-reduce.
     */
    public List<CommChoice> baselines() {
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

    /**
     * Returns all choices for an exchange, the baselines first.
     *
     * @param rows tokens, at least 1
     */
    public List<CommChoice> of(int rows) {
        List<CommChoice> choices = new ArrayList<>(baselines());
        for (WireFormat format : settings.formats()) {
            Cost cost = codec.costs().get(format);
            if (cost == null) {
                continue;
            }
            for (Algorithm algorithm : settings.algorithms()) {
                CommChoice uncut = new CommChoice(algorithm, format, CommChoice.UNCUT);
                int usual = DefaultSchedule.chunkRows(format, settings.columns(), LinkCost.USUAL);
                int parts = algorithm.parts(ranks);
                boolean small = rows <= LARGEST_UNCUT * (long) usual * parts || !format.rowsIndependent();
                if (small && !choices.contains(uncut)) {
                    choices.add(uncut);
                }
                for (int halves : HALVES_OF_CHUNK) {
                    int chunk = Math.max(1, usual * halves / 2);
                    CommChoice cut = new CommChoice(algorithm, format, chunk);
                    if (2 * chunk <= rows && format.rowsIndependent() && !choices.contains(cut)) {
                        choices.add(cut);
                    }
                }
            }
        }
        return choices;
    }
}
