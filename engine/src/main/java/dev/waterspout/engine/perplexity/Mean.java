package dev.waterspout.engine.perplexity;

/**
 * A mean with its standard error.
 *
 * @param count number of runs in the sample
 * @param value the mean, NaN if the sample is empty
 * @param standardError standard error of the mean, for independent values
 */
public record Mean(long count, double value, double standardError) {
    /** Computes the mean of a sample. */
    static final class Sum {
        private long count;
        private double sum;
        private double squares;

        void add(double value) {
            count++;
            sum += value;
            squares += value * value;
        }

        Mean mean() {
            double mean = sum / count;
            double variance = Math.max(0, squares / count - mean * mean);
            return new Mean(count, mean, count < 2 ? Double.NaN : Math.sqrt(variance / (count - 1)));
        }
    }

    /** Returns e to the power of the mean. For negative log-likelihoods this is the perplexity. */
    public double exp() {
        return Math.exp(value);
    }

    /** Returns the standard error of {@link #exp}, to first order. */
    public double expError() {
        return exp() * standardError;
    }
}
