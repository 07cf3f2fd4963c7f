package dev.waterspout.engine.tokenizer;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** The steps of encoding that all tokenizers share: the BOS token, and special tokens written out in the text. */
final class SequenceEncoder {
    private final Vocabulary vocabulary;
    private final SpecialTokens special;
    private final SpecialTokens userDefined;

    private final UnaryOperator<String> spelling;

    /**
     * Collects the special tokens.
     *
     * @param vocabulary all tokens
     * @param spelling whether special tokens in the text are read as such
     */
    SequenceEncoder(Vocabulary vocabulary, UnaryOperator<String> spelling) {
        this.vocabulary = vocabulary;
        this.spelling = spelling;
        this.special = new SpecialTokens(vocabulary, TokenType::isSpecial, spelling);
        this.userDefined = new SpecialTokens(vocabulary, type -> type == TokenType.USER_DEFINED, spelling);
    }

    /**
     * Encodes a text.
     *
     * @param text any text; an unpaired surrogate counts as U+FFFD
     * @param addBos whether the result begins with the beginning-of-sequence token
     * @param parseSpecial whether control and unknown tokens are found in the text; user-defined ones always are
     * @param stretches encodes a text without special tokens, which is not empty
     */
    int[] encode(String text, boolean addBos, boolean parseSpecial, BiConsumer<String, IntStream.Builder> stretches) {
        IntStream.Builder ids = IntStream.builder();
        if (addBos) {
            ids.add(vocabulary
                    .bos()
                    .orElseThrow(() -> new TokenizerException("addBos=true needs a vocabulary with"
                            + " tokenizer.ggml.bos_token_id, which this one lacks")));
        }
        SpecialTokens found = parseSpecial ? special : userDefined;
        found.split(spelling.apply(wellFormed(text)), ids::add, stretch -> stretches.accept(stretch, ids));
        return ids.build().toArray();
    }

    /**
     * Encodes a text of trusted and other pieces.
     *
     * @param pieces pieces in their order
     * @param structural user-defined tokens that are not parsed in untrusted pieces
     * @param stretches encodes a text without special tokens, which is not empty
     */
    int[] encode(List<TextPiece> pieces, IntPredicate structural, BiConsumer<String, IntStream.Builder> stretches) {
        IntStream.Builder ids = IntStream.builder();
        // A stretch may go over the border of pieces: words and spaces are cut as in the whole text.
        StringBuilder stretch = new StringBuilder();
        for (TextPiece piece : pieces) {
            SpecialTokens found = piece.trusted() ? special : userDefined;
            found.split(
                    spelling.apply(wellFormed(piece.text())),
                    token -> {
                        if (!piece.trusted() && structural.test(token)) {
                            stretch.append(spelling.apply(vocabulary.text(token)));
                        } else {
                            flush(stretch, stretches, ids);
                            ids.add(token);
                        }
                    },
                    stretch::append);
        }
        flush(stretch, stretches, ids);
        return ids.build().toArray();
    }

    private static void flush(
            StringBuilder stretch, BiConsumer<String, IntStream.Builder> stretches, IntStream.Builder ids) {
        if (!stretch.isEmpty()) {
            stretches.accept(stretch.toString(), ids);
            stretch.setLength(0);
        }
    }

    private static String wellFormed(String text) {
        if (text.codePoints().noneMatch(SequenceEncoder::isSurrogate)) {
            return text;
        }
        return text.codePoints()
                .map(point -> isSurrogate(point) ? '\uFFFD' : point)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static boolean isSurrogate(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    }
}
