package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.PreTokenizerRules.Trait.BOS;
import static dev.waterspout.engine.tokenizer.PreTokenizerRules.Trait.NFC;
import static dev.waterspout.engine.tokenizer.PreTokenizerRules.Trait.WHOLE_WORDS;

import dev.waterspout.engine.gguf.Printable;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rules that {@code tokenizer.ggml.pre} names, with the patterns of the models' published {@code tokenizer.json}.
 * Which names share a rule is llama.cpp's convention. Quantifiers are possessive where backtracking could not lead to a
 * match. A new name is one more row, or one more word in a row.
 */
final class PreTokenizerRules {
    /** Effects of a rule in addition to splitting. */
    enum Trait {
        /** A word that is a token is taken without merging. */
        WHOLE_WORDS,
        /** A sequence begins with BOS when the metadata does not say. */
        BOS,
        /** The text is first brought into normalization form C, as the model's published tokenizer does. */
        NFC
    }

    /** The rule of files that name none. */
    private static final String UNNAMED = "default";

    /** The contractions are spelt out: with {@code (?i)} a long s would count as an s. */
    private static final String CONTRACTIONS = "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])";

    private static final String GPT_2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s+(?!\\S)|\\s++";

    private static final String SPACES = "|\\s*[\\r\\n]++|\\s+(?!\\S)|\\s++";

    private static final String SIGNS = "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+";

    /** Words, then numbers (a pattern of their own), signs and spaces. */
    private static final String LLAMA_3_WORDS = CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}++";

    private static final String LLAMA_3 = LLAMA_3_WORDS + "|\\p{N}{1,3}+" + SIGNS + SPACES;

    private static final String QWEN_2 = LLAMA_3_WORDS + "|\\p{N}" + SIGNS + SPACES;

    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    /** A word whose capitals precede its small letters; %1$s is replaced by the pattern that may follow. */
    private static final String CASED_WORDS = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "++%1$s"
            + "|[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "+" + LOWER + "*+%1$s";

    private static final String SIGNS_AND_SLASHES = "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n/]*+";

    private static final String TEKKEN = CASED_WORDS.formatted("") + "|\\p{N}" + SIGNS_AND_SLASHES + SPACES;

    private static final String CASED_AND_CONTRACTIONS = CASED_WORDS.formatted("(?:" + CONTRACTIONS + ")?+");

    private static final String GPT_4O = CASED_AND_CONTRACTIONS + "|\\p{N}{1,3}+" + SIGNS_AND_SLASHES + SPACES;

    /** The letters with case that Unicode had when the DeepSeek tokenizers listed them. */
    private static final String DEEPSEEK_LETTERS = "[\\p{Lu}\\p{Ll}\\p{Lt}&&[^"
            + "\\u0560-\\u0588\\u10C7\\u10CD\\u10D0-\\u10FF\\u1C80-\\u1C8A\\u2D00-\\u2D2D"
            + "\\uA790-\\uA7FA\\uAB30-\\uAB68\\x{10570}-\\x{105BC}\\x{10D50}-\\x{10D85}"
            + "\\x{16E40}-\\x{16E7F}\\x{1D400}-\\x{1D7CB}\\x{1DF00}-\\x{1DF2A}]]";

    private static final String EAST_ASIAN = "[\\u0800-\\u9FA5\\uAC00-\\uD7FF]++";
    private static final String CHINESE_AND_KANA = "[\\u4E00-\\u9FA5\\u3040-\\u30FF]++";

    private static final String DEEPSEEK_3 = "[!-/:-@\\[-`{-~][A-Za-z]++|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]++"
            + "| ?[\\p{P}\\p{S}]++[\\r\\n]*+" + SPACES;

    /** A rule and the names that mean it, with spaces between. */
    private record Row(String names, Set<Trait> traits, List<String> patterns) {
        private Row(String names, Set<Trait> traits, String... patterns) {
            this(names, traits, List.of(patterns));
        }

        private List<String> nameList() {
            return List.of(names.split(" "));
        }

        private PreTokenizer rule() {
            List<Pattern> compiled = patterns.stream()
                    .map(expression -> Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS))
                    .toList();
            return new PreTokenizer(traits.contains(WHOLE_WORDS), traits.contains(BOS), traits.contains(NFC), compiled);
        }
    }

    private static final Set<Trait> NONE = Set.of();

    private static final List<Row> ROWS = List.of(
            new Row(UNNAMED, NONE, "[\\p{P}$+<=>^~|]++", GPT_2, "\\p{N}++", "[0-9][0-9][0-9]"),
            new Row(
                    "gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum exaone4 jais trillion"
                            + " granite-docling",
                    NONE,
                    GPT_2),
            new Row("olmo mpt modern-bert", EnumSet.of(NFC), GPT_2),
            new Row("smollm starcoder refact codeshell exaone minerva-7b mellum2", NONE, "\\p{N}", GPT_2),
            new Row("command-r", EnumSet.of(NFC), "\\p{N}", GPT_2),
            new Row(
                    "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
                    EnumSet.of(WHOLE_WORDS, BOS),
                    LLAMA_3),
            new Row("dbrx smaug-bpe glm4 chatglm-bpe", NONE, LLAMA_3),
            new Row("qwen2 deepseek-r1-qwen megrez kormo f2llmv2 stablelm2 hunyuan", EnumSet.of(NFC), QWEN_2),
            new Row("solar-open grok-2", NONE, QWEN_2),
            new Row(
                    "qwen35",
                    EnumSet.of(NFC),
                    CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]++|\\p{N}"
                            + "| ?[^\\s\\p{L}\\p{M}\\p{N}]++[\\r\\n]*+" + SPACES),
            new Row("tekken", EnumSet.of(WHOLE_WORDS, BOS), TEKKEN),
            new Row("gpt-4o llama4 kanana2 talkie", EnumSet.of(WHOLE_WORDS), GPT_4O),
            new Row("minimax-m2", NONE, GPT_4O),
            new Row(
                    "deepseek-llm",
                    NONE,
                    "[\\r\\n]",
                    "\\s?" + DEEPSEEK_LETTERS + "++",
                    "\\s?[!-/:-~\\uFF01-\\uFF0F\\uFF1A-\\uFF5E\\u2018-\\u201F\\u3000-\\u3002]++",
                    "\\s++\\z",
                    EAST_ASIAN,
                    "\\p{N}"),
            new Row("deepseek-coder", NONE, "[\\r\\n]", "\\s?\\p{L}++", "\\s?\\p{P}++", EAST_ASIAN, "\\p{N}"),
            new Row("deepseek-v3 hunyuan-dense joyai-llm", NONE, "\\p{N}{1,3}+", CHINESE_AND_KANA, DEEPSEEK_3),
            new Row(
                    "bailingmoe bailingmoe2 llada-moe",
                    NONE,
                    LLAMA_3_WORDS + "|\\p{N}" + SIGNS + "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s++"),
            new Row("seed-coder", NONE, LLAMA_3_WORDS + "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]++" + SPACES));

    private PreTokenizerRules() {}

    /**
     * Finds a rule.
     *
     * @param name the value of {@code tokenizer.ggml.pre}; empty if the file has none
     * @throws TokenizerException if the name is not known
     */
    static PreTokenizer of(String name) {
        String known = name.isEmpty() ? UNNAMED : name;
        return ROWS.stream()
                .filter(row -> row.nameList().contains(known))
                .findFirst()
                .orElseThrow(() -> new TokenizerException("tokenizer.ggml.pre is " + Printable.quote(name)
                        + ": supported are " + names().sorted().collect(Collectors.joining(", "))))
                .rule();
    }

    /** Returns all names that are known. */
    static Stream<String> names() {
        return ROWS.stream().flatMap(row -> row.nameList().stream());
    }
}
