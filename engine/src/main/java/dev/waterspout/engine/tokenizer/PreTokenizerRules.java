package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.PreTokenizer.Trait.BOS;
import static dev.waterspout.engine.tokenizer.PreTokenizer.Trait.CHARACTERS;
import static dev.waterspout.engine.tokenizer.PreTokenizer.Trait.NFC;
import static dev.waterspout.engine.tokenizer.PreTokenizer.Trait.WHOLE_WORDS;

import dev.waterspout.engine.gguf.Printable;
import dev.waterspout.engine.tokenizer.PreTokenizer.Trait;
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

    private static final String UPPER = "\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}";
    private static final String LOWER = "\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}";

    private static final String SIGNS_AND_SLASHES = "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n/]*+";

    private static final String TEKKEN = casedWords(UPPER, LOWER, "") + "|\\p{N}" + SIGNS_AND_SLASHES + SPACES;

    private static final String ANY_CONTRACTION = "(?:" + CONTRACTIONS + ")?+";

    private static final String CASED_AND_CONTRACTIONS = casedWords(UPPER, LOWER, ANY_CONTRACTION);

    private static final String GPT_4O = CASED_AND_CONTRACTIONS + "|\\p{N}{1,3}+" + SIGNS_AND_SLASHES + SPACES;

    private static final String YOUTU = CASED_AND_CONTRACTIONS + "|\\p{N}" + SIGNS_AND_SLASHES + SPACES;

    private static final String NO_HAN = "&&[^\\p{IsHan}]";

    private static final String KIMI = "\\p{IsHan}++|" + casedWords(UPPER + NO_HAN, LOWER + NO_HAN, ANY_CONTRACTION)
            + "|\\p{N}{1,3}+" + SIGNS + SPACES;

    /** Letters; one space may stand between two of them. */
    private static final String SPACED_LETTERS = "(?:\\p{L}\\p{M}*+(?: \\p{L}\\p{M}*+)*+)++";

    private static final String EXAONE_MOE = CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?" + SPACED_LETTERS
            + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n/]?+|\\s*[\\r\\n]|\\s+(?!\\S)|\\s++";

    private static final String JAIS_2 = LLAMA_3_WORDS + "|\\p{N}{1,3}+" + SIGNS + "|\\s*[\\r\\n]++"
            + "|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)"
            + "|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s";

    private static final String BLOOM = " ?[^\\s(|.,!?\\u2026\\u3002\\uFF0C\\u3001\\u0964\\u06D4\\u060C)]++";

    /** The empty text before each group of three digits at the end of a number. */
    private static final String BEFORE_THREES = "(?<=(?<!\\d)\\d{0,2})(?=(?:\\d{3})++(?!\\d))|(?<=\\G\\d{3})(?=\\d{3})";

    private static final String LINES = "[^\\n]++|\\n++";

    /** The letters with case that Unicode had when the DeepSeek tokenizers listed them. */
    private static final String DEEPSEEK_LETTERS = "[\\p{Lu}\\p{Ll}\\p{Lt}&&[^"
            + "\\u0560-\\u0588\\u10C7\\u10CD\\u10D0-\\u10FF\\u1C80-\\u1C8A\\u2D00-\\u2D2D"
            + "\\uA790-\\uA7FA\\uAB30-\\uAB68\\x{10570}-\\x{105BC}\\x{10D50}-\\x{10D85}"
            + "\\x{16E40}-\\x{16E7F}\\x{1D400}-\\x{1D7CB}\\x{1DF00}-\\x{1DF2A}]]";

    private static final String EAST_ASIAN = "[\\u0800-\\u9FA5\\uAC00-\\uD7FF]++";
    private static final String CHINESE_AND_KANA = "[\\u4E00-\\u9FA5\\u3040-\\u30FF]++";

    /** Korean; the signs of Chinese text; Bopomofo. */
    private static final String KOREAN_AND_SIGNS = "[\\uAC00-\\uD7A3\\u3131-\\u318E]++"
            + "|[\\uFF01\\u2026\\u201C\\u201D\\u2018\\u2019\\u2014\\uFF1A\\uFF1B\\uFF0C"
            + "\\u3001-\\u303F\\uFE30-\\uFE4F]++|[\\u3105-\\u312F]++|";

    /** The scripts that write no spaces, and Korean. */
    private static final String ASIAN_SCRIPTS = "[\\u4E00-\\u9FFF\\u3400-\\u4DBF\\uF900-\\uFAFF\\u3040-\\u30FF"
            + "\\uFF65-\\uFF9F\\u2F00-\\u2FDF\\u0E40-\\u0EFF\\u1780-\\u17FF\\u1000-\\u109F\\uAA60-\\uAA7F"
            + "\\uA9E0-\\uA9FF\\uAC00-\\uD7AF\\u1100-\\u11FF]++";

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
            return new PreTokenizer(traits, compiled);
        }
    }

    private static final Set<Trait> NONE = Set.of();

    private static final List<Row> ROWS = List.of(
            new Row(UNNAMED, NONE, "[\\p{P}$+<=>^~|]++", GPT_2, "\\p{N}++", "[0-9][0-9][0-9]"),
            new Row(
                    "gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum exaone4 jais trillion"
                            + " granite-docling jina-v1-en jina-v2-code roberta-bpe",
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
            new Row("gpt-4o llama4 kanana2 talkie granite-embed-multi-97m", EnumSet.of(WHOLE_WORDS), GPT_4O),
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
            new Row("falcon", NONE, "[\\p{P}$+<=>^~|`]++", GPT_2, "[0-9][0-9][0-9]"),
            new Row("bloom poro-chat gpt3-finnish", NONE, BLOOM),
            new Row("viking", NONE, BLOOM, "\\p{N}"),
            new Row("jais-2", NONE, JAIS_2),
            new Row("laguna", NONE, LINES, QWEN_2),
            new Row("minicpm5", EnumSet.of(WHOLE_WORDS), "\\p{N}{1,3}+", LLAMA_3_WORDS + "|\\p{N}++" + SIGNS + SPACES),
            new Row("exaone-moe", NONE, EXAONE_MOE),
            new Row("kimi-k2", EnumSet.of(WHOLE_WORDS), KIMI),
            new Row("youtu", EnumSet.of(WHOLE_WORDS), KOREAN_AND_SIGNS + CHINESE_AND_KANA, YOUTU),
            new Row("tiny_aya cohere2moe", NONE, threesFromTheRight("\\d", "(?![\\p{L}\\p{M}\\p{N}\\p{Pc}])"), GPT_4O),
            new Row("afmoe", NONE, threesFromTheRight("\\p{N}", "(?!\\p{N})"), ASIAN_SCRIPTS, DEEPSEEK_3),
            new Row("superbpe", NONE, "\\p{N}++", BEFORE_THREES),
            new Row(
                    "chameleon",
                    EnumSet.of(BOS),
                    "<sentinel:[0-9]++>",
                    "IMGIMG[A-I]{1,4}+Z",
                    "[\\t\\n]| {4}| {2}",
                    "\\p{N}",
                    "[\\p{P}!-/:-@\\[-`{-~]",
                    GPT_2),
            new Row("gemma4 granite-embed-multi-311m", EnumSet.of(CHARACTERS, BOS)),
            new Row("sarvam-moe", EnumSet.of(CHARACTERS)),
            new Row("seed-coder", NONE, LLAMA_3_WORDS + "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]++" + SPACES));

    private PreTokenizerRules() {}

    /**
     * Returns the pattern of words whose capitals precede their small letters.
     *
     * @param upper the characters that may come first, as the contents of a class
     * @param lower the characters that may follow
     * @param end what may follow the word
     */
    private static String casedWords(String upper, String lower, String end) {
        String first = "[^\\r\\n\\p{L}\\p{N}]?[" + upper + "]";
        return first + "*[" + lower + "]++" + end + "|" + first + "+[" + lower + "]*+" + end;
    }

    /**
     * Returns the pattern of groups of three digits, counted from the end of a number. Only the first group of a
     * number is searched for; the others follow it, so the time is linear in the number of digits.
     *
     * @param digit what counts as a digit
     * @param end what must follow the number; other numbers are not cut
     */
    private static String threesFromTheRight(String digit, String end) {
        return "(?<!%1$s)%1$s{1,3}(?=(?:%1$s{3})*+%2$s)|\\G(?<=%1$s)%1$s{3}".formatted(digit, end);
    }

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
