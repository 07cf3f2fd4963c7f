package dev.waterspout.engine.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Cuts a text into the words that byte-level BPE merges within. The first pattern cuts the text into its matches and
 * the gaps between them, the next one cuts each of these, and so on. The patterns are the published ones of the models;
 * runs are possessive where nothing that follows could use what they give back.
 *
 * @param names the values of {@code tokenizer.ggml.pre} that mean this
 * @param takesWholeWords whether a word that is a token is taken without merging
 * @param addsBos whether a sequence begins with BOS when the metadata does not say
 * @param patterns the patterns, in the order in which they cut
 */
record PreTokenizer(List<String> names, boolean takesWholeWords, boolean addsBos, List<Pattern> patterns) {
    private static final String GPT_2_WORDS =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s+(?!\\S)|\\s++";

    /** With the digits left open. The contractions are spelt out, as (?i) would take a long s for an s. */
    private static final String LLAMA_3_WORDS =
            "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}++"
                    + "|%s| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s*[\\r\\n]++|\\s+(?!\\S)|\\s++";

    private static final List<PreTokenizer> ALL = List.of(
            new PreTokenizer(
                    List.of("llama-bpe", "llama3", "llama-v3"),
                    true,
                    true,
                    compiled(LLAMA_3_WORDS.formatted("\\p{N}{1,3}+"))),
            new PreTokenizer(List.of("qwen2"), false, false, compiled(LLAMA_3_WORDS.formatted("\\p{N}"))),
            new PreTokenizer(List.of("gpt-2"), false, false, compiled(GPT_2_WORDS)),
            new PreTokenizer(List.of("smollm"), false, false, compiled("\\p{N}", GPT_2_WORDS)),
            new PreTokenizer(
                    List.of("default"),
                    false,
                    false,
                    compiled("[\\p{P}$+<=>^~|]++", GPT_2_WORDS, "\\p{N}++", "[0-9][0-9][0-9]")));

    /** The pre-tokenizer of files that name none. */
    static final String UNNAMED = "default";

    /**
     * Finds a pre-tokenizer.
     *
     * @param name the value of {@code tokenizer.ggml.pre}
     * @throws TokenizerException if the name is not known
     */
    static PreTokenizer of(String name) {
        return ALL.stream()
                .filter(known -> known.names.contains(name))
                .findFirst()
                .orElseThrow(() -> new TokenizerException("tokenizer.ggml.pre is \"" + name + "\": supported are "
                        + ALL.stream().flatMap(known -> known.names.stream()).collect(Collectors.joining(", "))));
    }

    /** Cuts a text; the words together are the text. */
    List<String> split(String text) {
        List<Matcher> matchers =
                patterns.stream().map(pattern -> pattern.matcher(text)).toList();
        List<String> words = new ArrayList<>();
        split(text, 0, text.length(), matchers, words);
        return words;
    }

    private static void split(String text, int from, int to, List<Matcher> matchers, List<String> words) {
        if (from == to) {
            return;
        }
        if (matchers.isEmpty()) {
            words.add(text.substring(from, to));
            return;
        }
        Matcher matcher = matchers.getFirst().region(from, to);
        List<Matcher> further = matchers.subList(1, matchers.size());
        int at = from;
        while (matcher.find()) {
            split(text, at, matcher.start(), further, words);
            split(text, matcher.start(), matcher.end(), further, words);
            at = matcher.end();
        }
        split(text, at, to, further, words);
    }

    private static List<Pattern> compiled(String... expressions) {
        return Stream.of(expressions)
                .map(expression -> Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS))
                .toList();
    }
}
