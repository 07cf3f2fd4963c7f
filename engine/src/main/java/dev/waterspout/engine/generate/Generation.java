package dev.waterspout.engine.generate;

import dev.waterspout.engine.generate.GenerationReport.Phase;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.generate.GenerationReport.StopReason;
import dev.waterspout.engine.generate.Request.Event;
import dev.waterspout.engine.tokenizer.TextStream;
import dev.waterspout.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One generation. It starts when it is first read, runs together with the generations of other threads, and does not
 * wait for a slow reader. One thread reads it. Any thread may close it, which ends it before the next forward pass.
 */
public final class Generation implements Iterable<String>, AutoCloseable {
    private final RankGroup group;
    private final Request request;
    private final TextStream stream;
    private final List<Integer> generated = new ArrayList<>();
    private final List<ChosenToken> chosen = new ArrayList<>();
    private volatile boolean begun;
    private volatile boolean cancelled;
    private Event.@Nullable End end;
    private @Nullable GenerationReport report;

    /** Prepares a generation. Computes nothing. */
    Generation(
            Tokenizer tokenizer, RankGroup group, int[] tokens, int[] known, GenerationExtent extent, Sampler sampler) {
        if (tokens.length < 1 || tokens.length > group.capacity()) {
            throw new GenerationException("the prompt has " + tokens.length + " tokens; it must have 1 to "
                    + group.capacity() + " to fit in the context");
        }
        this.group = group;
        int[] usable = sampler.notesProbabilities() ? new int[0] : usable(tokens.length, known, extent, tokenizer);
        this.request = new Request(tokens.clone(), usable, extent, sampler, tokenizer.vocabulary(), System.nanoTime());
        this.stream = tokenizer.stream();
    }

    /** A complete text is resumed before its last token, which is chosen again and ends it again. */
    private int[] usable(int prompt, int[] known, GenerationExtent extent, Tokenizer tokenizer) {
        int most = group.capacity() - prompt;
        most = extent.predict() < 0 ? most : Math.min(most, extent.predict());
        int count = Math.min(known.length, Math.max(0, most));
        boolean ended =
                count > 0 && !extent.ignoresEnd() && tokenizer.vocabulary().isEndOfText(known[count - 1]);
        return Arrays.copyOf(known, ended ? count - 1 : count);
    }

    /**
     * Returns the text in pieces of whole characters. It can be read once: a second iterator continues where the first
     * one stopped.
     */
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

    /** Returns whether the generation has ended. */
    public boolean ended() {
        return report != null;
    }

    /**
     * Waits for the next token.
     *
     * @return the text that the token completes, which may be empty
     * @throws IllegalStateException if the generation has ended
     * @throws GenerationException if the thread is interrupted; that ends the generation
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails
     */
    public String advance() {
        if (report != null) {
            throw new IllegalStateException("the generation has ended");
        }
        if (!begun && cancelled) {
            return endUnbegun();
        }
        begin();
        while (true) {
            switch (take()) {
                case Event.Token event -> {
                    // A token that was chosen after the generation had been closed is ignored.
                    if (!cancelled) {
                        int token = event.token();
                        generated.add(token);
                        chosen.addAll(event.noted());
                        if (!request.endsWith(token)) {
                            return stream.next(token);
                        }
                    }
                }
                case Event.End last -> {
                    return end(last);
                }
                case Event.Failure(Throwable cause) -> throw GenerationLoop.unchecked(cause);
            }
        }
    }

    /** Submits the generation, unless it has been submitted. */
    void begin() {
        if (begun) {
            return;
        }
        for (int token : request.prompt) {
            stream.next(token);
        }
        group.loop().submit(request);
        begun = true;
        if (cancelled) {
            group.loop().cancel(request);
        }
    }

    private Event take() {
        try {
            return request.events().take();
        } catch (InterruptedException interrupted) {
            close();
            Thread.currentThread().interrupt();
            throw new GenerationException("reading a generation was interrupted, which ends it");
        }
    }

    /**
     * Returns the tokens that have been read.
     *
     * @param place number of tokens that are left out
     */
    public List<Integer> tokens(int place) {
        return List.copyOf(generated.subList(Math.min(place, generated.size()), generated.size()));
    }

    /** Returns the last chosen token, if there is one. */
    public OptionalInt lastToken() {
        return generated.isEmpty() ? OptionalInt.empty() : OptionalInt.of(generated.getLast());
    }

    /**
     * Returns the probabilities of the tokens read so far, if the sampler records them.
     *
     * @param place number of positions that are left out
     */
    public List<ChosenToken> chosen(int place) {
        return List.copyOf(chosen.subList(Math.min(place, chosen.size()), chosen.size()));
    }

    private String end(Event.End last) {
        String rest = stream.finish();
        end = last;
        report = new GenerationReport(
                Arrays.stream(request.prompt).boxed().toList(),
                generated,
                cancelled ? StopReason.CANCELLED : last.stop(),
                last.firstTokenSeconds(),
                last.widened(),
                last.prefill(),
                last.decode());
        return rest;
    }

    private String endUnbegun() {
        List<RankWork> none =
                group.work().stream().map(work -> work.minus(work)).toList();
        Phase nothing = new Phase(0, 0, none);
        return end(new Event.End(StopReason.CANCELLED, 0, 0, 0, nothing, nothing));
    }

    /**
     * Returns the report of a generation that has ended or has been closed. That of a closed generation has the tokens
     * read before.
     *
     * @throws IllegalStateException if the generation is running
     */
    public GenerationReport report() {
        while (report == null && cancelled) {
            var _ = advance();
        }
        if (report == null) {
            throw new IllegalStateException("the generation has not ended");
        }
        return report;
    }

    /**
     * Returns the number of the prompt's tokens that were taken from the KV cache.
     *
     * @throws IllegalStateException if it has not ended
     */
    public int heldTokens() {
        if (end == null) {
            throw new IllegalStateException("the generation has not ended");
        }
        return end.held();
    }

    /** Ends the generation before the next forward pass. */
    @Override
    public void close() {
        cancelled = true;
        if (begun) {
            group.loop().cancel(request);
        }
    }
}
