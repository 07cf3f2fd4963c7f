package dev.waterspout.engine.perplexity;

import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.logits.LogitsCheck;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Scores windows of text with one or several runs of a model. All runs process a batch of rows before the next batch,
 * so that only the logits of one batch are in memory.
 */
public final class PerplexityMeter {
    /** Doubles in a batch: 8 MB. */
    private static final int MAX_LOGITS = 1 << 20;

    private final List<Run> runs = new ArrayList<>();
    private final LogProbabilities first;
    private final LogProbabilities current;
    private final int batch;

    /**
     * @param groups the runs; the first is the base that all others are compared with. Their contexts hold a window,
     *     and all have the same chunk and number of logit rows
     * @param vocabulary vocabulary of the model
     */
    public PerplexityMeter(List<RankGroup> groups, int vocabulary) {
        for (RankGroup group : groups) {
            runs.add(new Run(group, runs.isEmpty()));
        }
        this.batch = groups.getFirst().logitRows();
        this.first = new LogProbabilities(batch, vocabulary);
        this.current = groups.size() == 1 ? first : new LogProbabilities(batch, vocabulary);
    }

    /**
     * Returns the number of rows of logits to compute at a time.
     *
     * @param vocabulary vocabulary of the model
     * @param chunk most tokens in one forward pass
     */
    public static int logitRows(int vocabulary, int chunk) {
        return Math.max(1, Math.min(chunk, MAX_LOGITS / vocabulary));
    }

    /**
     * Runs one window from an empty context and scores its second half.
     *
     * @param windows the text
     * @param window index of the window, from 0
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails
     */
    public void score(TextWindows windows, int window) {
        int[] tokens = windows.tokens(window);
        int end = windows.firstScored() + windows.scoredPerWindow();
        int chunk = runs.getFirst().group.chunk();
        for (int from = 0; from < end; from += chunk) {
            int to = Math.min(tokens.length, from + chunk);
            int[] part = Arrays.copyOfRange(tokens, from, to);
            for (Run run : runs) {
                run.forward(part, from);
            }
            int scoredTo = Math.min(to, end);
            for (int row = Math.max(from, windows.firstScored()); row < scoredTo; row += batch) {
                scoreRows(tokens, row, Math.min(batch, scoredTo - row), from);
            }
        }
    }

    /**
     * Scores a batch. {@code row} is the first row of the batch and {@code from} the first of the chunk, both counted
     * from the window's start.
     */
    private void scoreRows(int[] tokens, int row, int rows, int from) {
        for (Run run : runs) {
            LogProbabilities own = run.isFirst ? first : current;
            run.output(row - from, rows);
            own.read(LogitsCheck.require(run.group.logits(), run.group.likelyCause()), rows);
            double[] divergences = run.isFirst ? new double[0] : first.divergences(own, rows);
            for (int i = 0; i < rows; i++) {
                int target = tokens[row + i + 1];
                run.nll.add(-own.log(i, target));
                if (!run.isFirst) {
                    run.logRatio.add(first.log(i, target) - own.log(i, target));
                    run.kl.add(divergences[i]);
                    run.divergences.add(divergences[i]);
                    run.sameTop.add(first.top(i) == own.top(i) ? 1 : 0);
                }
            }
        }
    }

    /** Returns the scores of all runs so far, in the order of the groups. */
    public List<RunScore> scores() {
        return runs.stream().map(Run::score).toList();
    }

    /** One run and its scores. */
    private static final class Run {
        final RankGroup group;
        final boolean isFirst;
        final Mean.Sum nll = new Mean.Sum();
        final Mean.Sum logRatio = new Mean.Sum();
        final Mean.Sum kl = new Mean.Sum();
        final Mean.Sum sameTop = new Mean.Sum();
        final List<Double> divergences = new ArrayList<>();
        private long tokens;
        private long nanos;

        Run(RankGroup group, boolean isFirst) {
            this.group = group;
            this.isFirst = isFirst;
        }

        void forward(int[] part, int position) {
            long start = System.nanoTime();
            group.forward(part, position, false);
            nanos += System.nanoTime() - start;
            tokens += part.length;
        }

        void output(int row, int rows) {
            long start = System.nanoTime();
            group.output(row, rows);
            nanos += System.nanoTime() - start;
        }

        RunScore score() {
            Divergence divergence = isFirst ? null : new Divergence(logRatio.mean(), kl.mean(), kl99(), sameTop.mean());
            return new RunScore(nll.mean(), tokens, nanos / 1e9, divergence);
        }

        private double kl99() {
            double[] sorted = divergences.stream()
                    .mapToDouble(Double::doubleValue)
                    .sorted()
                    .toArray();
            return sorted.length == 0 ? Double.NaN : sorted[(int) Math.min(sorted.length - 1, 0.99 * sorted.length)];
        }
    }
}
