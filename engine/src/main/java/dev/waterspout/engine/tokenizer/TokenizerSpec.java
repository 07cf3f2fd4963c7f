package dev.waterspout.engine.tokenizer;

import dev.waterspout.engine.gguf.Printable;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The tokenizer's metadata in a GGUF file, with defaults filled in and arrays checked against each other.
 *
 * @param model {@code tokenizer.ggml.model}
 * @param pre {@code tokenizer.ggml.pre}, the name of the pre-tokenizer of a {@code gpt2} model; empty if there is none
 * @param tokens the texts of all tokens, by id
 * @param types type of each token
 * @param scores one score for each token of a {@code llama} model, the highest merged first; others may have none
 * @param merges the merges of a {@code gpt2} model, best first; others have none
 * @param specials the tokens with a role
 */
record TokenizerSpec(
        String model,
        String pre,
        List<String> tokens,
        List<TokenType> types,
        FloatBuffer scores,
        List<String> merges,
        Specials specials) {
    static final String SENTENCE_PIECE = "llama";
    static final String BYTE_PAIR = "gpt2";
    /** A model, and the rule that it implies. */
    static final String GEMMA_4 = "gemma4";

    TokenizerSpec {
        tokens = List.copyOf(tokens);
        types = List.copyOf(types);
        merges = List.copyOf(merges);
        scores = scores.asReadOnlyBuffer();
        if (tokens.isEmpty()) {
            throw new TokenizerException("tokenizer.ggml.tokens is empty: a vocabulary needs tokens");
        }
        requireOnePerToken("tokenizer.ggml.token_type", types.size(), tokens.size());
        if (model.equals(SENTENCE_PIECE)) {
            requireOnePerToken("tokenizer.ggml.scores", scores.remaining(), tokens.size());
        }
        int size = tokens.size();
        IntStream roles = IntStream.concat(
                IntStream.of(
                        specials.bos().orElse(0),
                        specials.eos().orElse(0),
                        specials.unknown().orElse(0)),
                specials.ends().stream().mapToInt(Integer::intValue));
        roles.filter(id -> id < 0 || id >= size).findFirst().ifPresent(id -> {
            throw new TokenizerException("special token " + id + " is outside the vocabulary of " + size + " tokens");
        });
    }

    /** Builds the tokenizer that the model names. */
    Tokenizer tokenizer() {
        return requireKnown(model).equals(SENTENCE_PIECE)
                        || PreTokenizerRules.of(pre).has(PreTokenizer.Trait.CHARACTERS)
                ? new SentencePieceTokenizer(this)
                : new BytePairTokenizer(this);
    }

    /** Returns the name of a model if it is supported. */
    static String requireKnown(String model) {
        if (!Set.of(SENTENCE_PIECE, BYTE_PAIR, GEMMA_4).contains(model)) {
            throw new TokenizerException("tokenizer.ggml.model is " + Printable.quote(model) + ": supported are "
                    + SENTENCE_PIECE + " (SentencePiece), " + BYTE_PAIR + " (BPE) and " + GEMMA_4 + " (BPE)");
        }
        return model;
    }

    private static void requireOnePerToken(String key, int values, int tokens) {
        if (values != tokens) {
            throw new TokenizerException(
                    key + " has " + values + " values for " + tokens + " tokens: one for each token is needed");
        }
    }
}
