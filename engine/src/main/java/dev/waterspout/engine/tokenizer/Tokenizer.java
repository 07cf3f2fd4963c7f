package dev.waterspout.engine.tokenizer;

import dev.waterspout.engine.gguf.GgufMetadata;
import dev.waterspout.engine.gguf.Printable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Turns text into the token ids of one model's vocabulary and back. Implementations are immutable and may be used by
 * several threads at once; a {@link TextStream} belongs to one text.
 */
public sealed interface Tokenizer permits SentencePieceTokenizer, BytePairTokenizer {
    /**
     * Builds the tokenizer that a file's metadata describes.
     *
     * @param metadata the file's metadata
     * @throws TokenizerException for a model or a pre-tokenizer that is not supported, and for arrays that are missing
     *     or contradict each other
     */
    static Tokenizer from(GgufMetadata metadata) {
        return SpecReader.read(metadata).tokenizer();
    }

    /**
     * Encodes a text with the vocabulary's defaults: special tokens written out in the text are parsed, and
     * beginning-of-sequence and end-of-sequence tokens are added if the file's metadata requires them.
     *
     * @param text any text; an unpaired surrogate counts as U+FFFD
     * @return token ids
     * @throws TokenizerException if the vocabulary cannot express the text and has no unknown token
     */
    default int[] encode(String text) {
        int[] ids = encode(text, vocabulary().addsBos(), true);
        Specials specials = vocabulary().specials();
        if (specials.addEos()) {
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = specials.eos().orElseThrow();
        }
        return ids;
    }

    /**
     * Encodes a text that a sequence may go on after.
     *
     * @param text any text; an unpaired surrogate counts as U+FFFD
     * @param addBos whether the beginning-of-sequence token comes first
     * @param parseSpecial whether control tokens written out in the text become those tokens; user-defined tokens
     *     always do. Untrusted text is encoded with {@code false}
     * @return token ids
     * @throws TokenizerException if {@code addBos} is set and there is no such token, or if the vocabulary cannot
     *     express the text and has no unknown token
     */
    int[] encode(String text, boolean addBos, boolean parseSpecial);

    /**
     * Encodes a text that contains untrusted pieces, without a beginning-of-sequence token. Special tokens are never
     * parsed across the border of two pieces; otherwise the text is encoded as a whole.
     *
     * @param pieces the text, in order
     * @param structural special tokens that are not parsed in untrusted pieces; control tokens are never parsed there
     * @return token ids
     * @throws TokenizerException if the vocabulary cannot express the text and has no unknown token
     */
    int[] encode(List<TextPiece> pieces, IntPredicate structural);

    /**
     * Returns warnings about this vocabulary and an encoded prompt, which may make the text worse.
     *
     * @param prompt ids as {@link #encode} returns them
     * @return one sentence each: that the file names no pre-tokenizer, that the prompt begins with BOS twice; empty if
     *     there is no warning
     */
    default List<String> notes(int[] prompt) {
        List<String> notes = new ArrayList<>();
        vocabulary().note().ifPresent(notes::add);
        int bos = vocabulary().bos().orElse(-1);
        if (prompt.length > 1 && prompt[0] == bos && prompt[1] == bos) {
            notes.add("the prompt begins with " + Printable.quote(vocabulary().text(bos))
                    + " twice: this model's vocabulary puts it in front of every prompt, so the prompt's own can go");
        }
        return notes;
    }

    /** Returns the vocabulary. */
    Vocabulary vocabulary();

    /**
     * Returns the bytes that a token prints, which may be part of a UTF-8 character. Only normal, user-defined and byte
     * tokens print any.
     *
     * @param token token id
     * @throws IllegalArgumentException if the id is outside the vocabulary
     */
    byte[] bytes(int token);

    /**
     * Returns a new stream that prints tokens as text, at the beginning of a text. To print the continuation of a
     * prompt, give the stream the prompt's tokens first: the space that SentencePiece puts in front of a text is taken
     * away from the first piece that the stream prints.
     */
    TextStream stream();
}
