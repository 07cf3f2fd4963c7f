package dev.waterspout.engine.tokenizer;

import dev.waterspout.engine.gguf.GgufMetadata;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small vocabularies as the metadata of a file, which a test can change before reading them. */
final class ToyVocabulary {
    /** Special tokens of both vocabularies; some are prefixes of others. */
    static final List<String> CONTROL = List.of("<s>", "</s>", "<|im_end|>", "<|im|>", "<|im|><|x|>");

    static final List<String> USER_DEFINED = List.of("<user>", "<user>!");

    private final Map<String, GgufValue> values = new LinkedHashMap<>();
    private final List<String> tokens = new ArrayList<>();
    private final List<TokenType> types = new ArrayList<>();

    private ToyVocabulary() {}

    /** Scores decrease from piece to piece. Token 0 is unknown, 1 and 2 begin and end a sequence. */
    static ToyVocabulary sentencePiece() {
        ToyVocabulary toy = characters();
        float[] scores = new float[toy.size()];
        for (int id = 0; id < scores.length; id++) {
            scores[id] = toy.types.get(id) == TokenType.NORMAL ? -id : 0;
        }
        return toy.put("model", "llama").put("scores", GgufValue.Numbers.ofFloats(scores));
    }

    /** The tokens of {@link #sentencePiece}, with merges in place of scores. */
    static ToyVocabulary rankedCharacters(String model) {
        List<String> merges = List.of("▁ t", "h e", "▁t he", "i n", "a a", "aa aa", "▁ ▁", "日 本", "b c", "a b");
        return characters().put("model", model).put("merges", new GgufValue.Strings(merges));
    }

    private static ToyVocabulary characters() {
        ToyVocabulary toy = new ToyVocabulary();
        toy.add("<unk>", TokenType.UNKNOWN);
        CONTROL.forEach(text -> toy.add(text, TokenType.CONTROL));
        USER_DEFINED.forEach(text -> toy.add(text, TokenType.USER_DEFINED));
        for (int value = 0; value < 256; value++) {
            toy.add("<0x%02X>".formatted(value), TokenType.BYTE);
        }
        List.of("▁t", "he", "▁the", "in", "aa", "aaaa", "▁▁", "日本", "ab", "bc", "abc")
                .forEach(text -> toy.add(text, TokenType.NORMAL));
        "▁abcdefghijklmnopqrstuvwxyz日é".chars().forEach(point -> toy.add(Character.toString(point), TokenType.NORMAL));
        return toy.put("bos_token_id", 1).put("eos_token_id", 2).put("unknown_token_id", 0);
    }

    /** The bytes are the first 256 tokens, in the order of their characters; then merges, then special tokens. */
    static ToyVocabulary bytePair(String pre) {
        ToyVocabulary toy = new ToyVocabulary();
        alphabet().chars().forEach(point -> toy.add(Character.toString(point), TokenType.NORMAL));
        List<String> merges = List.of("h e", "Ġ t", "Ġt he", "i n", "a a", "aa aa", "Ġ Ġ", "a b", "b c");
        merges.forEach(merge -> toy.add(merge.replace(" ", ""), TokenType.NORMAL));
        toy.add("Ġwhole", TokenType.NORMAL);
        CONTROL.forEach(text -> toy.add(text, TokenType.CONTROL));
        USER_DEFINED.forEach(text -> toy.add(text, TokenType.USER_DEFINED));
        toy.put("model", "gpt2").put("pre", pre).put("merges", new GgufValue.Strings(merges));
        return toy.put("bos_token_id", toy.id("<s>")).put("eos_token_id", toy.id("</s>"));
    }

    ToyVocabulary add(String text, TokenType type) {
        tokens.add(text);
        types.add(type);
        return this;
    }

    ToyVocabulary put(String key, GgufValue value) {
        values.put("tokenizer.ggml." + key, value);
        return this;
    }

    ToyVocabulary put(String key, String value) {
        return put(key, new GgufValue.Text(value));
    }

    ToyVocabulary put(String key, boolean value) {
        return put(key, new GgufValue.Bool(value));
    }

    ToyVocabulary put(String key, long value) {
        return put(key, new GgufValue.Int(GgufValueType.UINT32, value));
    }

    ToyVocabulary remove(String key) {
        values.remove("tokenizer.ggml." + key);
        return this;
    }

    int id(String text) {
        return tokens.indexOf(text);
    }

    int size() {
        return tokens.size();
    }

    /** The code of each token's type; a test may change it and store it with {@link #put}. */
    int[] typeCodes() {
        List<TokenType> order = List.of(TokenType.values());
        return types.stream().mapToInt(order::indexOf).toArray();
    }

    /** Returns the metadata; {@link #put} overrides the values of {@link #add}. */
    GgufMetadata metadata() {
        Map<String, GgufValue> all = new LinkedHashMap<>();
        all.put("tokenizer.ggml.tokens", new GgufValue.Strings(tokens));
        all.put("tokenizer.ggml.token_type", GgufValue.Numbers.ofInts(typeCodes()));
        all.putAll(values);
        return new GgufMetadata("toy.gguf", all);
    }

    Tokenizer tokenizer() {
        return Tokenizer.from(metadata());
    }

    /**
     * The characters that represent the bytes: the printable ones of Latin-1, then characters from U+0100 for the
     * other bytes.
     */
    static String alphabet() {
        StringBuilder characters = new StringBuilder();
        for (char c = '!'; c <= '~'; c++) {
            characters.append(c);
        }
        for (char c = '¡'; c <= '¬'; c++) {
            characters.append(c);
        }
        for (char c = '®'; c <= 'ÿ'; c++) {
            characters.append(c);
        }
        int others = 256 - characters.length();
        for (int i = 0; i < others; i++) {
            characters.append((char) (0x100 + i));
        }
        return characters.toString();
    }

    /** Prints tokens as a stream does. */
    static String decode(Tokenizer tokenizer, int... ids) {
        TextStream stream = tokenizer.stream();
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(stream.next(id));
        }
        return text.append(stream.finish()).toString();
    }

    /** The texts of tokens, joined by bars. */
    static String pieces(Tokenizer tokenizer, int... ids) {
        List<String> texts = new ArrayList<>();
        for (int id : ids) {
            texts.add(tokenizer.vocabulary().text(id));
        }
        return String.join("|", texts);
    }
}
