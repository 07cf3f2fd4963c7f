package dev.waterspout.engine.tokenizer;

import dev.waterspout.engine.gguf.Printable;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** The tokens of a model: their texts, their types and their roles. Immutable. */
public final class Vocabulary {
    private static final Pattern BYTE_TEXT = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

    private final List<String> tokens;
    private final List<TokenType> types;
    private final Specials specials;
    private final BitSet ends = new BitSet();
    private final Optional<String> note;

    Vocabulary(TokenizerSpec spec) {
        tokens = spec.tokens();
        types = spec.types();
        specials = spec.specials();
        note = note(spec);
        specials.eos().ifPresent(ends::set);
        specials.ends().forEach(ends::set);
        EndNames.find(tokens, ends);
    }

    /** Returns how many tokens there are; ids run from 0 to one less. */
    public int size() {
        return tokens.size();
    }

    /**
     * Returns a token's text in the vocabulary. The printed text may differ: see {@link Tokenizer#bytes}.
     *
     * @param id the token
     * @throws IllegalArgumentException if the id is outside the vocabulary
     */
    public String text(int id) {
        return tokens.get(checked(id));
    }

    /**
     * Returns the type of a token.
     *
     * @param id the token
     * @throws IllegalArgumentException if the id is outside the vocabulary
     */
    public TokenType type(int id) {
        return types.get(checked(id));
    }

    /** Returns the token that begins a sequence, if there is one. */
    public OptionalInt bos() {
        return specials.bos();
    }

    /** Returns the token that ends a sequence, if there is one. */
    public OptionalInt eos() {
        return specials.eos();
    }

    /** Returns whether the model expects a sequence to begin with {@link #bos()}. */
    public boolean addsBos() {
        return specials.addBos();
    }

    /**
     * Returns whether generation stops at a token: the end of a sequence, of a turn or of a message by the file's
     * metadata, or a token of any type with a well-known name of that meaning.
     *
     * @param id the token
     * @throws IllegalArgumentException if the id is outside the vocabulary
     */
    public boolean isEndOfText(int id) {
        return ends.get(checked(id));
    }

    /** Returns a sentence about missing metadata that had to be guessed, if there is any. */
    Optional<String> note() {
        return note;
    }

    Specials specials() {
        return specials;
    }

    /** Returns the bytes that a token prints where its text is not encoded: no bytes for types that print nothing. */
    byte[] printedLiterally(int id) {
        return switch (types.get(id)) {
            case NORMAL, USER_DEFINED -> tokens.get(id).getBytes(StandardCharsets.UTF_8);
            case BYTE -> new byte[] {byteValue(id)};
            case UNDEFINED, UNKNOWN, CONTROL, UNUSED -> new byte[0];
        };
    }

    int checked(int id) {
        if (id < 0 || id >= tokens.size()) {
            throw new IllegalArgumentException(
                    "token=" + id + " must be from 0 to " + (tokens.size() - 1) + ", the last of the vocabulary");
        }
        return id;
    }

    private static Optional<String> note(TokenizerSpec spec) {
        return spec.model().equals(TokenizerSpec.BYTE_PAIR) && spec.pre().isEmpty()
                ? Optional.of(
                        "tokenizer.ggml.pre is missing: words are cut by the rule \"default\", which may not be the"
                                + " one that this model was trained with")
                : Optional.empty();
    }

    private byte byteValue(int id) {
        String text = tokens.get(id);
        if (!BYTE_TEXT.matcher(text).matches()) {
            throw new TokenizerException("tokenizer.ggml.tokens[" + id + "] is a byte token with the text "
                    + Printable.quote(text) + ": <0x00> to <0xFF> are allowed");
        }
        return (byte) Integer.parseInt(text, 3, 5, 16);
    }
}
