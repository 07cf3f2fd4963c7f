package dev.waterspout.engine.perplexity;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/** The log-probabilities of the next token, for a batch of logits. */
public final class LogProbabilities {
    private final int vocabulary;
    /** {@code [rows][vocabulary]}. */
    private final double[] logs;
    /** Their exponentials. */
    private final double[] probabilities;
    /** {@code [rows]}: the likeliest token, the first of equals. */
    private final int[] top;

    /**
     * @param maxRows rows of the largest batch
     * @param vocabulary logits of a row
     */
    public LogProbabilities(int maxRows, int vocabulary) {
        this.vocabulary = vocabulary;
        this.logs = new double[Math.multiplyExact(maxRows, vocabulary)];
        this.probabilities = new double[logs.length];
        this.top = new int[maxRows];
    }

    /**
     * Computes them from a batch of logits.
     *
     * @param logits f32 {@code [rows][vocabulary]}
     * @param rows number of rows, at most the capacity
     */
    public void read(MemorySegment logits, int rows) {
        IntStream.range(0, rows).parallel().forEach(row -> readRow(logits, row));
    }

    private void readRow(MemorySegment logits, int row) {
        int from = row * vocabulary;
        double largest = Double.NEGATIVE_INFINITY;
        int best = 0;
        for (int token = 0; token < vocabulary; token++) {
            double logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, (long) from + token);
            logs[from + token] = logit;
            if (logit > largest) {
                largest = logit;
                best = token;
            }
        }
        double sum = 0;
        for (int i = from; i < from + vocabulary; i++) {
            double exponential = Math.exp(logs[i] - largest);
            probabilities[i] = exponential;
            sum += exponential;
        }
        double normalizer = largest + Math.log(sum);
        for (int i = from; i < from + vocabulary; i++) {
            logs[i] -= normalizer;
            probabilities[i] /= sum;
        }
        top[row] = best;
    }

    /** {@return the logarithm of a token's probability in a row} */
    public double log(int row, int token) {
        return logs[row * vocabulary + token];
    }

    int top(int row) {
        return top[row];
    }

    /** {@return the Kullback-Leibler divergence of another batch from this one, in nats, for one row} */
    double[] divergences(LogProbabilities other, int rows) {
        return IntStream.range(0, rows)
                .parallel()
                .mapToDouble(row -> divergence(other, row))
                .toArray();
    }

    private double divergence(LogProbabilities other, int row) {
        double sum = 0;
        for (int i = row * vocabulary; i < (row + 1) * vocabulary; i++) {
            sum += probabilities[i] * (logs[i] - other.logs[i]);
        }
        return Math.max(0, sum); // negative only by rounding errors
    }
}
