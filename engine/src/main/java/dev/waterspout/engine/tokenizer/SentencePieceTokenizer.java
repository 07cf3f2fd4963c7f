package dev.waterspout.engine.tokenizer;

import dev.waterspout.engine.gguf.Printable;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * SentencePiece's byte pair encoding (Kudo and Richardson, 2018): the characters of a text are its first symbols, and
 * the neighbours that make up the token of highest score are merged until none do. A vocabulary with a list of merges
 * has no scores: the pair of least rank is merged. A character that is no token is written as byte tokens. The
 * vocabulary's U+2581 is a space throughout.
 */
public final class SentencePieceTokenizer implements Tokenizer {
    private static final char SPACE_MARK = '\u2581';

    private final Vocabulary vocabulary;
    private final SequenceEncoder sequences;
    private final TokenTable tokens;
    private final int[] tokenOfByte = new int[256];
    private final MergeRule merges;
    private final String prefix;

    SentencePieceTokenizer(TokenizerSpec spec) {
        vocabulary = new Vocabulary(spec);
        sequences = new SequenceEncoder(vocabulary, SentencePieceTokenizer::withSpaces);
        prefix = spec.specials().addSpacePrefix() ? " " : "";
        tokens = table();
        merges = spec.model().equals(TokenizerSpec.SENTENCE_PIECE)
                ? rule(tokens, orders(spec.scores()))
                : new MergeTable(spec.merges(), tokens, SentencePieceTokenizer::decode);
    }

    @Override
    public int[] encode(String text, boolean addBos, boolean parseSpecial) {
        PairMerger merger = new PairMerger(merges);
        return sequences.encode(
                text, addBos, parseSpecial, (stretch, ids) -> encodeStretch(prefix + stretch, merger, ids));
    }

    @Override
    public int[] encode(List<TextPiece> pieces, IntPredicate structural) {
        PairMerger merger = new PairMerger(merges);
        return sequences.encode(pieces, structural, (stretch, ids) -> encodeStretch(prefix + stretch, merger, ids));
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public byte[] bytes(int token) {
        return tokens.bytes(vocabulary.checked(token));
    }

    @Override
    public TextStream stream() {
        return new TextStream(this, !prefix.isEmpty());
    }

    private void encodeStretch(String stretch, PairMerger merger, IntStream.Builder ids) {
        byte[] text = stretch.getBytes(StandardCharsets.UTF_8);
        merger.reset(text);
        int from = 0;
        while (from < text.length) {
            int to = from + 1;
            while (to < text.length && (text[to] & 0xC0) == 0x80) {
                to++;
            }
            merger.add(from, tokens.find(text, from, to));
            from = to;
        }
        int symbols = merger.merge();
        for (int i = 0; i < symbols; i++) {
            int token = merger.token(i);
            if (token >= 0) {
                ids.add(token);
            } else {
                addBytes(text, merger.from(i), merger.to(i), ids);
            }
        }
    }

    private void addBytes(byte[] text, int from, int to, IntStream.Builder ids) {
        boolean allBytes = IntStream.range(from, to).allMatch(i -> tokenOfByte[text[i] & 0xFF] >= 0);
        if (allBytes) {
            IntStream.range(from, to).map(i -> tokenOfByte[text[i] & 0xFF]).forEach(ids::add);
        } else {
            ids.add(vocabulary
                    .specials()
                    .unknown()
                    .orElseThrow(() -> new TokenizerException("the vocabulary has no token for "
                            + Printable.quote(new String(text, from, to - from, StandardCharsets.UTF_8))
                            + " of the text, nor for its bytes, nor a tokenizer.ggml.unknown_token_id")));
        }
    }

    private static int decode(String text, int from, int to, byte[] target, int at) {
        byte[] bytes = withSpaces(text.substring(from, to)).getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, target, at, bytes.length);
        return at + bytes.length;
    }

    private static String withSpaces(String text) {
        return text.replace(SPACE_MARK, ' ');
    }

    private TokenTable table() {
        Arrays.fill(tokenOfByte, -1);
        byte[][] printed = new byte[vocabulary.size()][];
        boolean[] found = new boolean[vocabulary.size()];
        for (int id = 0; id < printed.length; id++) {
            printed[id] = vocabulary.printedLiterally(id);
            if (vocabulary.type(id) == TokenType.NORMAL) {
                String text = vocabulary.text(id);
                // A text's spaces become marks before it is looked up, so a token with a bare space is never found.
                found[id] = text.indexOf(' ') < 0;
                printed[id] = withSpaces(text).getBytes(StandardCharsets.UTF_8);
            } else if (vocabulary.type(id) == TokenType.BYTE) {
                tokenOfByte[printed[id][0] & 0xFF] = id;
            }
        }
        return new TokenTable(printed, found);
    }

    /** Turns scores into numbers that order the other way round: the highest score becomes the least. */
    private static int[] orders(FloatBuffer scores) {
        int[] orders = new int[scores.remaining()];
        for (int id = 0; id < orders.length; id++) {
            // Adding zero makes a negative zero positive; the flip makes the bits of negative floats ascend.
            int bits = Float.floatToIntBits(scores.get(id) + 0.0f);
            orders[id] = ~(bits ^ ((bits >> 31) & Integer.MAX_VALUE));
        }
        return orders;
    }

    private static MergeRule rule(TokenTable tokens, int[] orders) {
        return (left, right, text, from, to) -> {
            int token = tokens.find(text, from, to);
            return token < 0 ? MergeRule.NONE : MergeRule.of(orders[token], token);
        };
    }
}
