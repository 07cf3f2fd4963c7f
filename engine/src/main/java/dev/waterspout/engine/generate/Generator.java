package dev.waterspout.engine.generate;

import dev.waterspout.engine.generate.GenerationReport.Phase;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.generate.GenerationReport.StopReason;
import dev.waterspout.engine.tokenizer.TextStream;
import dev.waterspout.engine.tokenizer.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The one generation loop: prefill in chunks, then one token at a time. */
public final class Generator {
    /** Generates until an end-of-text token comes or the context is full. */
    public static final int UNLIMITED = -1;

    private final Tokenizer tokenizer;
    private final RankGroup group;

    /**
     * @param tokenizer of the model
     * @param group the ranks that run it
     */
    public Generator(Tokenizer tokenizer, RankGroup group) {
        this.tokenizer = tokenizer;
        this.group = group;
    }

    /**
     * Turns a prompt into tokens.
     *
     * @param prompt text; special tokens in it are recognised
     * @return one or more ids, that fit in the context
     * @throws GenerationException if there is none, or more than the context holds
     */
    public int[] tokenize(String prompt) {
        // Without an end-of-text token: that would end the text before it is continued.
        int[] tokens = tokenizer.encode(prompt, tokenizer.vocabulary().addsBos(), true);
        if (tokens.length == 0) {
            throw new GenerationException(
                    "the prompt is empty, and this model's vocabulary has no token to begin with");
        }
        if (tokens.length > group.capacity()) {
            throw new GenerationException(
                    "the prompt has " + tokens.length + " tokens; the context holds " + group.capacity());
        }
        return tokens;
    }

    /**
     * Continues a prompt, from an empty context.
     *
     * @param tokens as {@link #tokenize} returns them
     * @param predict most tokens to generate, or {@link #UNLIMITED}
     * @param sampler chooses them
     * @param text receives the continuation piece by piece, in whole characters
     * @return what was done
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails
     */
    public GenerationReport generate(int[] tokens, int predict, Sampler sampler, Consumer<String> text) {
        return generate(tokens, new GenerationExtent(0, predict, false), sampler, text);
    }

    /**
     * Continues a prompt.
     *
     * @param tokens ids, that fit in the context
     * @param extent how many of them the context already holds, and where to end
     * @param sampler chooses what follows
     * @param text receives the continuation piece by piece, in whole characters
     * @return what was done
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails
     */
    public GenerationReport generate(int[] tokens, GenerationExtent extent, Sampler sampler, Consumer<String> text) {
        int held = extent.held();
        if (held >= tokens.length) {
            throw new IllegalArgumentException("held tokens " + held + " of a prompt of " + tokens.length
                    + "; the last one must go through the forward pass");
        }
        int predict = extent.predict();
        long start = System.nanoTime();
        List<RankWork> idle = group.work();
        prefill(tokens, held);
        long filled = System.nanoTime();
        List<RankWork> prefilled = group.work();

        TextStream stream = tokenizer.stream();
        for (int token : tokens) {
            stream.next(token);
        }
        List<Integer> generated = new ArrayList<>();
        double firstToken = 0;
        int decoded = 0;
        StopReason stop = StopReason.LENGTH;
        while (predict == UNLIMITED || generated.size() < predict) {
            int token = sampler.sample(logits());
            generated.add(token);
            if (generated.size() == 1) {
                firstToken = seconds(start);
            }
            if (tokenizer.vocabulary().isEndOfText(token) && !extent.ignoresEnd()) {
                stop = StopReason.END_OF_TEXT;
                break;
            }
            text.accept(stream.next(token));
            if (generated.size() == predict) {
                break;
            }
            if (tokens.length + decoded == group.capacity()) {
                stop = StopReason.CONTEXT_FULL;
                break;
            }
            group.forward(new int[] {token}, tokens.length + decoded++, true);
        }
        text.accept(stream.finish());
        return new GenerationReport(
                Arrays.stream(tokens).boxed().toList(),
                generated,
                stop,
                firstToken,
                new Phase(tokens.length - held, (filled - start) / 1e9, difference(prefilled, idle)),
                new Phase(decoded, seconds(filled), difference(group.work(), prefilled)));
    }

    /** The logits of tokens: an embedding table may have more rows than the vocabulary has tokens. */
    private MemorySegment logits() {
        MemorySegment all = group.logits();
        long tokens = (long) tokenizer.vocabulary().size() * Float.BYTES;
        return LogitsCheck.require(all.asSlice(0, Math.min(all.byteSize(), tokens)), group.likelyCause());
    }

    private void prefill(int[] tokens, int held) {
        for (int from = held; from < tokens.length; from += group.chunk()) {
            int to = Math.min(tokens.length, from + group.chunk());
            group.forward(Arrays.copyOfRange(tokens, from, to), from, to == tokens.length);
        }
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
