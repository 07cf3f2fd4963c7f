package dev.waterspout.engine.tokenizer;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a text into the words that byte-level BPE merges within. The first pattern cuts the text into its matches and
 * the gaps between them, the next one cuts each of these, and so on. {@link PreTokenizerRules} has the patterns.
 *
 * @param takesWholeWords whether a word that is a token is taken without merging
 * @param addsBos whether a sequence begins with BOS when the metadata does not say
 * @param composes whether a text is first brought into Unicode's normalization form C
 * @param patterns the patterns, in the order in which they cut
 */
record PreTokenizer(boolean takesWholeWords, boolean addsBos, boolean composes, List<Pattern> patterns) {
    /** Copies the list. */
    PreTokenizer {
        patterns = List.copyOf(patterns);
    }

    /**
     * Cuts a text.
     *
     * @param text any text
     * @return the words, which together are the text, in normalization form C where the rule asks for it
     */
    List<String> split(String text) {
        String normalized = composes ? Normalizer.normalize(text, Normalizer.Form.NFC) : text;
        List<Matcher> matchers =
                patterns.stream().map(pattern -> pattern.matcher(normalized)).toList();
        List<String> words = new ArrayList<>();
        split(normalized, 0, normalized.length(), matchers, words);
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
}
