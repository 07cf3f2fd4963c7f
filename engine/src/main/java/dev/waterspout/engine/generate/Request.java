package dev.waterspout.engine.generate;

import dev.waterspout.engine.generate.GenerationReport.Phase;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.generate.GenerationReport.StopReason;
import dev.waterspout.engine.logits.LogitsCheck;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.LogitsRequest.Extent;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;

/**
 * The generation loop's state of one generation. Its tokens go to a queue, from which the reader takes them. Used by
 * the loop's thread.
 */
final class Request {
    /** A message of the loop to the reader. */
    sealed interface Event {
        /**
         * A token was chosen.
         *
         * @param token id
         * @param noted log-probability of the token, if the sampler records it
         */
        record Token(int token, List<ChosenToken> noted) implements Event {}

        /**
         * The generation has ended.
         *
         * @param stop why
         * @param held tokens of the prompt that were taken from the cache
         * @param firstTokenSeconds seconds from the call to the choice of the first token
         * @param widened tokens for which the ranks' first candidates did not suffice
         * @param prefill the prompt's forward passes
         * @param decode the forward passes of one token each
         */
        record End(StopReason stop, int held, double firstTokenSeconds, int widened, Phase prefill, Phase decode)
                implements Event {}

        /** The generation has failed. */
        record Failure(Throwable cause) implements Event {}
    }

    final int[] prompt;
    /** Tokens that follow the prompt and were chosen in an earlier attempt; they are computed with the prompt. */
    private final int[] known;

    final GenerationExtent extent;
    private final Vocabulary vocabulary;
    private final Sampler sampler;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final long called;
    /** Its number in the scheduler; -1 before it is added there. */
    long number = -1;

    private long begun;
    private long filled;
    private List<RankWork> idle = List.of();
    private List<RankWork> prefilled = List.of();
    private int generated;
    private int widened;
    private double firstToken;

    Request(int[] prompt, int[] known, GenerationExtent extent, Sampler sampler, Vocabulary vocabulary, long called) {
        this.prompt = prompt;
        this.known = known;
        this.extent = extent;
        this.sampler = sampler;
        this.vocabulary = vocabulary;
        this.called = called;
    }

    /** {@return the events for the reader, in order; the last one is an end or a failure} */
    BlockingQueue<Event> events() {
        return events;
    }

    /** Takes the prompt. Called once, before the first forward pass. */
    void accept() {
        for (int token : prompt) {
            sampler.accept(token);
        }
        for (int token : known) {
            sampler.repeat(token);
            events.add(new Event.Token(token, List.of()));
        }
        generated = known.length;
    }

    /** {@return the tokens that are computed before the first one is chosen} */
    int[] given() {
        int[] given = Arrays.copyOf(prompt, prompt.length + known.length);
        System.arraycopy(known, 0, given, prompt.length, known.length);
        return given;
    }

    /** Records the start of the first forward pass. */
    void begin(List<RankWork> work) {
        begun = System.nanoTime();
        idle = work;
    }

    boolean hasBegun() {
        return begun != 0;
    }

    boolean isFilled() {
        return filled != 0;
    }

    /** Records the end of the prompt's computation. */
    void fill(List<RankWork> work) {
        filled = System.nanoTime();
        prefilled = work;
    }

    /** {@return the form of the logits that the choice of the next token needs} */
    LogitsRequest wanted(int logits) {
        return extent.predict() == 0 ? LogitsRequest.NONE : sampler.request(vocabulary(logits));
    }

    /**
     * {@return the number of tokens that can be chosen} An embedding table may have more rows than the vocabulary has
     * tokens.
     */
    private int vocabulary(int logits) {
        return Math.min(logits, vocabulary.size());
    }

    /**
     * Chooses the next token.
     *
     * @param group the ranks, whose logits of this request are those of one row
     * @param row index of the row
     * @param asked the requested values
     */
    int choose(RankGroup group, int row, LogitsRequest asked) {
        int token = pick(group, row, asked);
        sampler.accept(token);
        if (generated == known.length) {
            firstToken = (System.nanoTime() - called) / 1e9;
        }
        events.add(new Event.Token(token, sampler.chosen(generated++ - known.length)));
        return token;
    }

    private int pick(RankGroup group, int row, LogitsRequest asked) {
        LogitsRequest wanted = asked;
        while (wanted.extent() == Extent.BEST) {
            OptionalInt chosen = sampler.sample(group.candidates(row).require(group.likelyCause()));
            if (chosen.isPresent()) {
                return chosen.getAsInt();
            }
            widened += wanted.equals(asked) ? 1 : 0;
            wanted = wanted.wider();
            group.gather(row, wanted);
        }
        long bytes = (long) vocabulary(group.vocabulary()) * Float.BYTES;
        return sampler.sample(LogitsCheck.require(group.logits(row).asSlice(0, bytes), group.likelyCause()));
    }

    /** {@return whether this is an end-of-text token that ends the generation} */
    boolean endsWith(int token) {
        return !extent.ignoresEnd() && vocabulary.isEndOfText(token);
    }

    /** {@return whether the requested number of tokens has been generated} */
    boolean isComplete() {
        return generated == extent.predict();
    }

    /** {@return the number of positions of the text} */
    int positions() {
        return prompt.length + generated;
    }

    void end(StopReason stop, int held, int passed, List<RankWork> work) {
        long now = System.nanoTime();
        long fill = filled == 0 ? now : filled;
        List<RankWork> before = prefilled.isEmpty() ? work : prefilled;
        int given = prompt.length + known.length;
        int decoded = Math.max(0, passed - given);
        Phase prefill = new Phase(
                Math.max(0, Math.min(passed, given) - held),
                begun == 0 ? 0 : (fill - begun) / 1e9,
                difference(before, idle.isEmpty() ? before : idle));
        Phase decode = new Phase(decoded, (now - fill) / 1e9, difference(work, before));
        events.add(new Event.End(stop, held, firstToken, widened, prefill, decode));
    }

    void fail(Throwable cause) {
        events.add(new Event.Failure(cause));
    }

    private static List<RankWork> difference(List<RankWork> now, List<RankWork> earlier) {
        return IntStream.range(0, now.size())
                .mapToObj(rank -> now.get(rank).minus(earlier.get(rank)))
                .toList();
    }
}
