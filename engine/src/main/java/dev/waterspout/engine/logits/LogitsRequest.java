package dev.waterspout.engine.logits;

import dev.waterspout.engine.plan.Span;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The logits of a token that rank 0 asks the ranks for.
 *
 * @param extent none, all, or the best candidates
 * @param vocabulary tokens that may be chosen: those of lower ids; rows of the output head beyond them are ignored
 * @param best candidates of every rank
 * @param temperatures temperatures, at most two; for each of them every rank adds up {@code exp(logit / temperature)}
 *     of its tokens
 * @param named ids, in ascending order, whose logits are wanted in any case, because they are going to be adjusted;
 *     they are not among the candidates nor in the sums
 */
public record LogitsRequest(Extent extent, int vocabulary, int best, List<Double> temperatures, List<Integer> named) {
    /** Asks for nothing. */
    public static final LogitsRequest NONE = new LogitsRequest(Extent.NONE, 0, 0, List.of(), List.of());
    /** Asks for all logits. */
    public static final LogitsRequest ALL = new LogitsRequest(Extent.ALL, 0, 0, List.of(), List.of());

    /** Words that {@link #toWords} writes before the named tokens. */
    public static final int FIXED_WORDS = 9;

    private static final int MOST_TEMPERATURES = 2;
    private static final int WIDENING = 16;

    /** How much is asked for. */
    public enum Extent {
        /** Nothing. */
        NONE(0),
        /** All logits. */
        ALL(1),
        /** The best of every rank. */
        BEST(2);

        private final int code;

        Extent(int code) {
            this.code = code;
        }

        private static Extent of(int code) {
            return switch (code) {
                case 0 -> NONE;
                case 1 -> ALL;
                case 2 -> BEST;
                default -> throw new IllegalArgumentException("extent " + code + " is not within 0 to 2");
            };
        }
    }

    /** Checks the ranges and copies the lists. */
    public LogitsRequest {
        temperatures = List.copyOf(temperatures);
        named = List.copyOf(named);
        if (temperatures.size() > MOST_TEMPERATURES) {
            throw new IllegalArgumentException(temperatures.size() + " temperatures; at most 2 are allowed");
        }
        if (extent == Extent.BEST && (best < 1 || vocabulary < 1)) {
            throw new IllegalArgumentException(
                    best + " candidates of " + vocabulary + " tokens; both must be at least 1");
        }
    }

    /**
     * Asks for candidates.
     *
     * @param vocabulary tokens that may be chosen
     * @param best best logits of every rank
     * @param temperatures temperatures of the sums
     * @param named ids in ascending order
     */
    public static LogitsRequest best(int vocabulary, int best, List<Double> temperatures, List<Integer> named) {
        return new LogitsRequest(Extent.BEST, vocabulary, best, temperatures, named);
    }

    /**
     * Returns the payload bytes of a rank's answer for one token.
     *
     * @param best candidates of the rank
     * @param sums temperatures
     * @param named tokens of the rank whose logits are adjusted
     */
    public static long answerBytes(int best, int sums, int named) {
        return (long) Integer.BYTES * new CandidateLayout(new Span(0, 0), 0, named, sums, best).words();
    }

    /** Returns a request for more candidates of the same token, or for all logits where these would hardly be more. */
    public LogitsRequest wider() {
        long wider = (long) best * WIDENING;
        return 2 * wider < vocabulary ? best(vocabulary, (int) wider, temperatures, named) : ALL;
    }

    /** Returns {@link #FIXED_WORDS} words, and one for each named token. */
    public int[] toWords() {
        ByteBuffer bytes = ByteBuffer.allocate((FIXED_WORDS + named.size()) * Integer.BYTES)
                .putInt(extent.code)
                .putInt(vocabulary)
                .putInt(best)
                .putInt(named.size())
                .putInt(temperatures.size());
        for (int i = 0; i < MOST_TEMPERATURES; i++) {
            bytes.putDouble(i < temperatures.size() ? temperatures.get(i) : 0);
        }
        named.forEach(bytes::putInt);
        int[] words = new int[FIXED_WORDS + named.size()];
        bytes.flip().asIntBuffer().get(words);
        return words;
    }

    /** {@return how many named tokens follow the fixed words} */
    public static int namedTokens(int... fixed) {
        return fixed[3];
    }

    /**
     * Reads the words written by {@link #toWords}.
     *
     * @param words all of them
     */
    public static LogitsRequest ofWords(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * Integer.BYTES);
        bytes.asIntBuffer().put(words);
        Extent extent = Extent.of(bytes.getInt());
        int vocabulary = bytes.getInt();
        int best = bytes.getInt();
        int namedCount = bytes.getInt();
        int temperatureCount = bytes.getInt();
        List<Double> temperatures = new ArrayList<>();
        for (int i = 0; i < MOST_TEMPERATURES; i++) {
            double temperature = bytes.getDouble();
            if (i < temperatureCount) {
                temperatures.add(temperature);
            }
        }
        List<Integer> named = new ArrayList<>();
        for (int i = 0; i < namedCount; i++) {
            named.add(bytes.getInt());
        }
        return new LogitsRequest(extent, vocabulary, best, temperatures, named);
    }
}
