package dev.waterspout.engine.chat;

import dev.waterspout.engine.jinja.MarkedText;
import dev.waterspout.engine.tokenizer.TextPiece;
import dev.waterspout.engine.tokenizer.TokenType;
import dev.waterspout.engine.tokenizer.Tokenizer;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.List;

/**
 * A conversation as tokens.
 *
 * @param tokens ids
 * @param format markers of the parts of a reply
 * @param section the section at the beginning of the reply
 * @param continues whether the reply continues a text, so that leading white space is kept
 */
public record ChatPrompt(List<Integer> tokens, ReplyFormat format, ReplyFormat.Section section, boolean continues) {
    /** Copies the list. */
    public ChatPrompt {
        tokens = List.copyOf(tokens);
    }

    /**
     * Returns a prompt whose reply continues a text.
     *
     * @param tokens ids
     */
    public static ChatPrompt continued(int... tokens) {
        return new ChatPrompt(
                Arrays.stream(tokens).boxed().toList(), ReplyFormat.PLAIN, ReplyFormat.Section.TEXT, true);
    }

    /** Returns the tokens as a new array. */
    public int[] ids() {
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }

    /**
     * Encodes the output of a template. Structural tokens, which are control tokens, end-of-text tokens and
     * user-defined tokens that the template contains, are recognised only in text that the template wrote. The BOS
     * token is added if the vocabulary requires it and the template did not write it.
     */
    static List<Integer> encode(MarkedText text, String source, Tokenizer tokenizer) {
        Vocabulary vocabulary = tokenizer.vocabulary();
        List<TextPiece> pieces = text.pieces().stream()
                .map(piece -> new TextPiece(piece.text(), !piece.fromUser()))
                .toList();
        int[] ids = tokenizer.encode(
                pieces,
                token -> vocabulary.type(token) != TokenType.USER_DEFINED
                        || vocabulary.isEndOfText(token)
                        || source.contains(vocabulary.text(token)));
        if (vocabulary.addsBos()) {
            int bos = vocabulary.bos().orElseThrow();
            if (ids.length == 0 || ids[0] != bos) {
                int[] longer = new int[ids.length + 1];
                longer[0] = bos;
                System.arraycopy(ids, 0, longer, 1, ids.length);
                ids = longer;
            }
        }
        return Arrays.stream(ids).boxed().toList();
    }
}
