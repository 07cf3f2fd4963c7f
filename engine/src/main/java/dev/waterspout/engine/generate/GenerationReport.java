package dev.waterspout.engine.generate;

import dev.waterspout.interconnect.collective.ExchangeCounters;
import java.util.List;

/**
 * What one generation did.
 *
 * @param prompt the prompt's tokens
 * @param generated the tokens that followed, an end-of-text token included
 * @param stop why it ended
 * @param firstTokenSeconds from the call to the first token, chosen
 * @param prefill the prompt's forward passes
 * @param decode the forward passes of one token each
 */
public record GenerationReport(
        List<Integer> prompt,
        List<Integer> generated,
        StopReason stop,
        double firstTokenSeconds,
        Phase prefill,
        Phase decode) {
    /** Copies the lists. */
    public GenerationReport {
        prompt = List.copyOf(prompt);
        generated = List.copyOf(generated);
    }

    /** Why a generation ended. */
    public enum StopReason {
        /** The model chose an end-of-text token. */
        END_OF_TEXT,
        /** As many tokens as asked for. */
        LENGTH,
        /** No position left in the context. */
        CONTEXT_FULL
    }

    /**
     * A phase of a generation.
     *
     * @param tokens tokens that went through the forward pass
     * @param seconds wall-clock time
     * @param ranks what every rank did, in rank order
     */
    public record Phase(int tokens, double seconds, List<RankWork> ranks) {
        /** Copies the list. */
        public Phase {
            ranks = List.copyOf(ranks);
        }

        /** Returns the speed, 0 for an empty phase. */
        public double tokensPerSecond() {
            return tokens == 0 ? 0 : tokens / seconds;
        }
    }

    /**
     * What one rank did.
     *
     * @param computeNanos time in its forward passes outside of the exchange
     * @param exchange bytes, messages and times of the exchange
     */
    public record RankWork(long computeNanos, ExchangeCounters.Snapshot exchange) {
        RankWork minus(RankWork earlier) {
            return new RankWork(computeNanos - earlier.computeNanos, exchange.minus(earlier.exchange));
        }
    }
}
