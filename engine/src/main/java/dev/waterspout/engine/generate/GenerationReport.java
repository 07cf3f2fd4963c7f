package dev.waterspout.engine.generate;

import dev.waterspout.engine.forward.ExpertLoad;
import dev.waterspout.interconnect.collective.CollectiveKind;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The tokens and statistics of one generation.
 *
 * @param prompt the prompt's tokens
 * @param generated the tokens that followed, an end-of-text token included
 * @param stop why it ended
 * @param firstTokenSeconds seconds from the call to the choice of the first token
 * @param widened number of tokens for which the ranks' first candidates did not suffice, so that more were requested
 * @param prefill the prompt's forward passes
 * @param decode the forward passes of one token each
 */
public record GenerationReport(
        List<Integer> prompt,
        List<Integer> generated,
        StopReason stop,
        double firstTokenSeconds,
        int widened,
        Phase prefill,
        Phase decode) {
    /** Copies the lists. */
    public GenerationReport {
        prompt = List.copyOf(prompt);
        generated = List.copyOf(generated);
    }

    /** The reason for the end of a generation. */
    public enum StopReason {
        /** The model chose an end-of-text token. */
        END_OF_TEXT,
        /** The limit of tokens was reached. */
        LENGTH,
        /** The context is full. */
        CONTEXT_FULL,
        /** The generation was closed. */
        CANCELLED
    }

    /**
     * A phase of a generation.
     *
     * @param tokens tokens that went through the forward pass
     * @param seconds wall-clock time
     * @param ranks the work of every rank, in rank order
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
     * The work of one rank.
     *
     * @param computeNanos time in its forward passes outside of the exchange
     * @param exchange bytes, messages and times of the exchange
     * @param experts work of this rank in mixtures of experts
     */
    public record RankWork(long computeNanos, ExchangeCounters.Snapshot exchange, ExpertLoad experts) {
        private static final int TIMES = 7;
        private static final int NUMBERS = TIMES + 3 * CollectiveKind.values().length;

        /** Returns the words that {@link #ofWords} reads: 64-bit numbers as two words each. */
        int[] toWords() {
            LongBuffer numbers = LongBuffer.allocate(NUMBERS);
            numbers.put(computeNanos)
                    .put(exchange.quantizeNanos())
                    .put(exchange.transferNanos())
                    .put(exchange.sumNanos())
                    .put(exchange.saturated())
                    .put(experts.visits())
                    .put(experts.bytes());
            for (CollectiveKind kind : CollectiveKind.values()) {
                Traffic traffic = exchange.traffic(kind);
                numbers.put(traffic.bytesSent()).put(traffic.bytesReceived()).put(traffic.messages());
            }
            int[] words = new int[2 * NUMBERS];
            Arrays.setAll(words, i -> (int) (numbers.get(i / 2) >>> (Integer.SIZE * (i % 2))));
            return words;
        }

        static RankWork ofWords(int[] words) {
            long[] numbers = new long[NUMBERS];
            Arrays.setAll(
                    numbers, i -> Integer.toUnsignedLong(words[2 * i]) + ((long) words[2 * i + 1] << Integer.SIZE));
            Map<CollectiveKind, Traffic> traffic = new EnumMap<>(CollectiveKind.class);
            int at = TIMES;
            for (CollectiveKind kind : CollectiveKind.values()) {
                Traffic each = new Traffic(numbers[at], numbers[at + 1], numbers[at + 2]);
                if (!each.equals(Traffic.ZERO)) {
                    traffic.put(kind, each);
                }
                at += 3;
            }
            return new RankWork(
                    numbers[0],
                    new ExchangeCounters.Snapshot(numbers[1], numbers[2], numbers[3], traffic, numbers[4]),
                    new ExpertLoad(numbers[5], numbers[6]));
        }

        RankWork minus(RankWork earlier) {
            return new RankWork(
                    computeNanos - earlier.computeNanos,
                    exchange.minus(earlier.exchange),
                    experts.minus(earlier.experts));
        }
    }
}
