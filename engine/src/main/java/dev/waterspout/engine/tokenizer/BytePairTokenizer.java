package dev.waterspout.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Byte-level byte pair encoding, as GPT-2 introduced it: the text is cut into words, the bytes of a word are its first
 * symbols, and the pair of least rank is merged until none is left.
 */
public final class BytePairTokenizer implements Tokenizer {
    private final Vocabulary vocabulary;
    private final SequenceEncoder sequences;
    private final TokenTable tokens;
    private final MergeTable merges;
    private final PreTokenizer words;
    private final int[] tokenOfByte = new int[256];

    BytePairTokenizer(TokenizerSpec spec) {
        words = PreTokenizerRules.of(spec.pre());
        vocabulary = new Vocabulary(spec);
        sequences = new SequenceEncoder(vocabulary, UnaryOperator.identity());
        tokens = table(vocabulary);
        merges = new MergeTable(spec.merges(), tokens, ByteAlphabet::decode);
        for (int value = 0; value < tokenOfByte.length; value++) {
            tokenOfByte[value] = tokens.find(new byte[] {(byte) value}, 0, 1);
        }
    }

    @Override
    public int[] encode(String text, boolean addBos, boolean parseSpecial) {
        PairMerger merger = new PairMerger(merges);
        return sequences.encode(text, addBos, parseSpecial, (stretch, ids) -> encodeStretch(stretch, merger, ids));
    }

    @Override
    public int[] encode(List<TextPiece> pieces, IntPredicate structural) {
        PairMerger merger = new PairMerger(merges);
        return sequences.encode(pieces, structural, (stretch, ids) -> encodeStretch(stretch, merger, ids));
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
        return new TextStream(this, false);
    }

    private void encodeStretch(String stretch, PairMerger merger, IntStream.Builder ids) {
        for (String word : words.split(stretch)) {
            encodeWord(word.getBytes(StandardCharsets.UTF_8), merger, ids);
        }
    }

    private void encodeWord(byte[] word, PairMerger merger, IntStream.Builder ids) {
        if (words.has(PreTokenizer.Trait.WHOLE_WORDS)) {
            int whole = tokens.find(word, 0, word.length);
            if (whole >= 0) {
                ids.add(whole);
                return;
            }
        }
        merger.reset(word);
        for (int i = 0; i < word.length; i++) {
            merger.add(i, tokenOfByte[word[i] & 0xFF]);
        }
        int symbols = merger.merge();
        for (int i = 0; i < symbols; i++) {
            int token = merger.token(i);
            ids.add(token >= 0 ? token : unknown(word[merger.from(i)]));
        }
    }

    private int unknown(byte value) {
        return vocabulary
                .specials()
                .unknown()
                .orElseThrow(() -> new TokenizerException(
                        "the vocabulary has no token for the byte 0x%02X of the text,".formatted(value)
                                + " nor a tokenizer.ggml.unknown_token_id"));
    }

    private static TokenTable table(Vocabulary vocabulary) {
        byte[][] printed = new byte[vocabulary.size()][];
        boolean[] found = new boolean[vocabulary.size()];
        for (int id = 0; id < printed.length; id++) {
            String text = vocabulary.text(id);
            printed[id] = vocabulary.printedLiterally(id);
            if (vocabulary.type(id) == TokenType.NORMAL) {
                byte[] bytes = new byte[text.length()];
                found[id] = ByteAlphabet.decode(text, 0, text.length(), bytes, 0) >= 0;
                // A token outside the alphabet is never a result of merges. If the model chooses it, its text is
                // printed.
                printed[id] = found[id] ? bytes : printed[id];
            }
        }
        return new TokenTable(printed, found);
    }
}
