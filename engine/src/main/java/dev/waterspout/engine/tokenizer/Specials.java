package dev.waterspout.engine.tokenizer;

import java.util.List;
import java.util.OptionalInt;

/**
 * The tokens with a role, and which of them surround a text.
 *
 * @param bos begins a sequence
 * @param eos ends a sequence
 * @param unknown token for text that the vocabulary cannot express
 * @param ends further tokens that end the text or the turn
 * @param addBos whether a sequence is to begin with {@code bos}
 * @param addEos whether a sequence is to end with {@code eos}
 * @param addSpacePrefix whether SentencePiece puts a space in front of each stretch of text
 */
record Specials(
        OptionalInt bos,
        OptionalInt eos,
        OptionalInt unknown,
        List<Integer> ends,
        boolean addBos,
        boolean addEos,
        boolean addSpacePrefix) {
    Specials {
        ends = List.copyOf(ends);
        requireToken(addBos, bos, "tokenizer.ggml.add_bos_token", "tokenizer.ggml.bos_token_id");
        requireToken(addEos, eos, "tokenizer.ggml.add_eos_token", "tokenizer.ggml.eos_token_id");
    }

    private static void requireToken(boolean added, OptionalInt token, String flag, String key) {
        if (added && token.isEmpty()) {
            throw new TokenizerException(flag + " is true, but " + key + " names no token of the vocabulary");
        }
    }
}
