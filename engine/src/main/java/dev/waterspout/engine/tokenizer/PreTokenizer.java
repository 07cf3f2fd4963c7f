package dev.waterspout.engine.tokenizer;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a text into the words that byte-level BPE merges within. The first pattern cuts the text into its matches and
 * the gaps between them, the next one cuts each of these, and so on. {@link PreTokenizerRules} has the patterns.
 *
 * @param traits the effects of the rule in addition to splitting
 * @param patterns the patterns, in the order in which they cut
 */
record PreTokenizer(Set<Trait> traits, List<Pattern> patterns) {
    /** Effects of a rule in addition to splitting. */
    enum Trait {
        /** A word that is a token is taken without merging. */
        WHOLE_WORDS,
        /** A sequence begins with BOS when the metadata does not say. */
        BOS,
        /** The text is first brought into normalization form C, as the model's published tokenizer does. */
        NFC,
        /** The vocabulary is SentencePiece's: of characters, U+2581 for a space and byte tokens. Nothing is split. */
        CHARACTERS
    }

    /** Copies the collections. */
    PreTokenizer {
        traits = Set.copyOf(traits);
        patterns = List.copyOf(patterns);
    }

    /** Returns whether the rule has this effect. */
    boolean has(Trait trait) {
        return traits.contains(trait);
    }

    /**
     * Splits a text into words.
     *
     * @param text any text
     * @return the words, whose concatenation is the text, in normalization form C if the rule requires it
     */
    List<String> split(String text) {
        String normalized = has(Trait.NFC) ? Normalizer.normalize(text, Normalizer.Form.NFC) : text;
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
