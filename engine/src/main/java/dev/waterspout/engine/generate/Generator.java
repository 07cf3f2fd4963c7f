package dev.waterspout.engine.generate;

import dev.waterspout.engine.tokenizer.Tokenizer;
import java.util.List;
import java.util.function.Consumer;

/** Continues prompts. Any number of threads may use it at the same time. */
public final class Generator {
    /** Value for a generation without a limit of tokens: until an end-of-text token or a full context. */
    public static final int UNLIMITED = -1;

    private final Tokenizer tokenizer;
    private final RankGroup group;

    /**
     * @param tokenizer tokenizer of the model
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
     * @return one or more token ids that fit in the context
     * @throws GenerationException if there is no token, or the context is too small
     */
    public int[] tokenize(String prompt) {
        // The prompt gets no end-of-text token, which would end the text.
        int[] tokens = tokenizer.encode(prompt, tokenizer.vocabulary().addsBos(), true);
        if (tokens.length == 0) {
            throw new GenerationException("the prompt is empty, and this model's vocabulary has no BOS token");
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
     * @param tokens tokens in the form of {@link #tokenize}
     * @param predict most tokens to generate, or {@link #UNLIMITED}
     * @param sampler chooses them
     * @param text receives the continuation piece by piece, in whole characters
     * @return the tokens and statistics
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails
     */
    public GenerationReport generate(int[] tokens, int predict, Sampler sampler, Consumer<String> text) {
        return generate(tokens, new GenerationExtent(0, predict, false), sampler, text);
    }

    /**
     * Continues a prompt.
     *
     * @param tokens ids, that fit in the context
     * @param extent number of tokens that may be taken from the cache, and the limit of the reply
     * @param sampler chooses the tokens that follow
     * @param text receives the continuation piece by piece, in whole characters
     * @return the tokens and statistics
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails
     */
    public GenerationReport generate(int[] tokens, GenerationExtent extent, Sampler sampler, Consumer<String> text) {
        try (Generation generation = begin(tokens, extent, sampler)) {
            while (!generation.ended()) {
                text.accept(generation.advance());
            }
            return generation.report();
        }
    }

    /**
     * Starts several generations at the same time, when no other generation runs.
     *
     * @param generations generations of this generator
     */
    public void beginTogether(List<Generation> generations) {
        group.exclusively(() -> generations.forEach(Generation::begin));
    }

    /**
     * Returns the continuation of a prompt. Generation starts when the continuation is first read.
     *
     * @param tokens ids, that fit in the context
     * @param extent number of tokens that may be taken from the cache, and the limit of the reply
     * @param sampler sampler of this generation only
     * @throws GenerationException if there is no token, or more than the context holds
     */
    public Generation begin(int[] tokens, GenerationExtent extent, Sampler sampler) {
        return begin(tokens, new int[0], extent, sampler);
    }

    /**
     * Returns the continuation of a prompt from the tokens of an interrupted attempt. It equals the continuation that
     * the attempt would have produced. A sampler that records log-probabilities computes those of the known tokens
     * again.
     *
     * @param tokens ids, that fit in the context
     * @param known tokens that were chosen to follow them, with the same sampling
     * @param extent number of prompt tokens that may be taken from the cache, and the limit of the generation
     * @param sampler sampler of this generation only
     * @throws GenerationException if there is no token, or more than the context holds
     */
    public Generation begin(int[] tokens, int[] known, GenerationExtent extent, Sampler sampler) {
        return new Generation(tokenizer, group, tokens, known, extent, sampler);
    }
}
