package dev.waterspout.engine.generate;

import dev.waterspout.engine.generate.GenerationReport.Phase;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.generate.GenerationReport.StopReason;
import dev.waterspout.engine.logits.LogitsCheck;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.LogitsRequest.Extent;
import dev.waterspout.engine.tokenizer.TextStream;
import dev.waterspout.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One generation, computed as it is read: prefill in chunks, then one token at a time. It is read by one thread; any
 * thread may close it, which ends it before the next forward pass.
 */
public final class Generation implements Iterable<String>, AutoCloseable {
    private final Tokenizer tokenizer;
    private final RankGroup group;
    private final int[] tokens;
    private final GenerationExtent extent;
    private final Sampler sampler;
    private final TextStream stream;
    private final List<Integer> generated = new ArrayList<>();
    private final List<RankWork> idle;
    private final long start;
    private volatile boolean cancelled;
    private List<RankWork> prefilled = List.of();
    private long filled;
    private int prefillTokens;
    private double firstToken;
    private int decoded;
    private boolean begun;
    private LogitsRequest wanted = LogitsRequest.NONE;
    /** Tokens for which the first candidates did not suffice. */
    private int widened;

    private @Nullable GenerationReport report;

    /** Begins; nothing is computed yet. */
    Generation(Tokenizer tokenizer, RankGroup group, int[] tokens, GenerationExtent extent, Sampler sampler) {
        if (extent.held() >= tokens.length) {
            throw new IllegalArgumentException("held tokens " + extent.held() + " of a prompt of " + tokens.length
                    + "; the last one must go through the forward pass");
        }
        this.tokenizer = tokenizer;
        this.group = group;
        this.tokens = tokens.clone();
        this.extent = extent;
        this.sampler = sampler;
        this.stream = tokenizer.stream();
        this.start = System.nanoTime();
        this.idle = group.work();
    }

    /** Returns the text piece by piece, in whole characters. There is one reading of it: a second iterator goes on. */
    @Override
    public Iterator<String> iterator() {
        return new Iterator<>() {
            private @Nullable String ahead;

            @Override
            public boolean hasNext() {
                while (ahead == null || ahead.isEmpty()) {
                    if (report != null) {
                        return false;
                    }
                    ahead = advance();
                }
                return true;
            }

            @Override
            public String next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("the generation has ended");
                }
                String piece = String.valueOf(ahead);
                ahead = null;
                return piece;
            }
        };
    }

    /** Returns whether it has ended. */
    public boolean ended() {
        return report != null;
    }

    /**
     * Computes the next token.
     *
     * @return the text that is whole with it, which may be empty
     * @throws IllegalStateException if the generation has ended
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails
     */
    public String advance() {
        if (report != null) {
            throw new IllegalStateException("the generation has ended");
        }
        if (!begun) {
            begun = true;
            prefill();
        } else if (generated.size() == extent.predict()) {
            return end(StopReason.LENGTH);
        } else if (tokens.length + decoded == group.capacity()) {
            return end(StopReason.CONTEXT_FULL);
        } else if (!cancelled) {
            group.forward(new int[] {generated.getLast()}, tokens.length + decoded++, wanted());
        }
        if (cancelled) {
            return end(StopReason.CANCELLED);
        }
        if (extent.predict() == 0) {
            return end(StopReason.LENGTH);
        }
        int token = choose();
        generated.add(token);
        sampler.accept(token);
        if (generated.size() == 1) {
            firstToken = seconds(start);
        }
        if (tokenizer.vocabulary().isEndOfText(token) && !extent.ignoresEnd()) {
            return end(StopReason.END_OF_TEXT);
        }
        return stream.next(token);
    }

    /** What the choice of the next token needs. */
    private LogitsRequest wanted() {
        wanted = extent.predict() == 0 ? LogitsRequest.NONE : sampler.request(vocabulary());
        return wanted;
    }

    /** How many tokens can be chosen: an embedding table may have more rows than the vocabulary has tokens. */
    private int vocabulary() {
        return Math.min(group.vocabulary(), tokenizer.vocabulary().size());
    }

    private int choose() {
        boolean first = true;
        while (wanted.extent() == Extent.BEST) {
            OptionalInt chosen = sampler.sample(group.candidates().require(group.likelyCause()));
            if (chosen.isPresent()) {
                return chosen.getAsInt();
            }
            widened += first ? 1 : 0;
            first = false;
            wanted = wanted.wider();
            group.gather(wanted);
        }
        long bytes = (long) vocabulary() * Float.BYTES;
        return sampler.sample(LogitsCheck.require(group.logits().asSlice(0, bytes), group.likelyCause()));
    }

    /** Returns the token that was chosen last, if there is one. */
    public OptionalInt lastToken() {
        return generated.isEmpty() ? OptionalInt.empty() : OptionalInt.of(generated.getLast());
    }

    private void prefill() {
        for (int token : tokens) {
            stream.next(token);
            sampler.accept(token);
        }
        for (int from = extent.held(); from < tokens.length && !cancelled; from += group.chunk()) {
            int to = Math.min(tokens.length, from + group.chunk());
            boolean last = to == tokens.length;
            group.forward(Arrays.copyOfRange(tokens, from, to), from, last ? wanted() : LogitsRequest.NONE);
            prefillTokens = to - extent.held();
        }
        filled = System.nanoTime();
        prefilled = group.work();
    }

    private String end(StopReason reason) {
        String rest = stream.finish();
        report = new GenerationReport(
                Arrays.stream(tokens).boxed().toList(),
                generated,
                reason,
                firstToken,
                widened,
                new Phase(prefillTokens, (filled - start) / 1e9, difference(prefilled, idle)),
                new Phase(decoded, seconds(filled), difference(group.work(), prefilled)));
        return rest;
    }

    /** Returns what was done, once it has ended by itself or has been closed and read to its end. */
    public GenerationReport report() {
        while (report == null && cancelled) {
            var _ = advance();
        }
        if (report == null) {
            throw new IllegalStateException("the generation has not ended");
        }
        return report;
    }

    /** Ends it before the next forward pass. */
    @Override
    public void close() {
        cancelled = true;
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static List<RankWork> difference(List<RankWork> now, List<RankWork> earlier) {
        return IntStream.range(0, now.size())
                .mapToObj(rank -> now.get(rank).minus(earlier.get(rank)))
                .toList();
    }
}
