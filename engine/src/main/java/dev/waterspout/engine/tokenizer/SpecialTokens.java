package dev.waterspout.engine.tokenizer;

import java.util.BitSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Finds special tokens in a text from left to right, the longest where several begin at one place. The tokens are
 * sorted: those with a given prefix are a range, and each further character narrows it by binary search. A character
 * that begins no token costs one test of a bit set.
 */
final class SpecialTokens {
    private static final int NONE = -1;

    private final String[] texts;
    private final int[] ids;
    private final BitSet firstCharacters = new BitSet();

    /**
     * Collects the tokens.
     *
     * @param vocabulary their texts and types
     * @param included predicate of the types to find
     * @param spelling converts a token's text to its form in the text to be split
     */
    SpecialTokens(Vocabulary vocabulary, Predicate<TokenType> included, UnaryOperator<String> spelling) {
        // Of equal texts the lowest id is found.
        SortedMap<String, Integer> found = new TreeMap<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (included.test(vocabulary.type(id)) && !vocabulary.text(id).isEmpty()) {
                found.putIfAbsent(spelling.apply(vocabulary.text(id)), id);
            }
        }
        texts = found.keySet().toArray(String[]::new);
        ids = found.values().stream().mapToInt(Integer::intValue).toArray();
        for (String text : texts) {
            firstCharacters.set(text.charAt(0));
        }
    }

    /**
     * Cuts a text at the special tokens.
     *
     * @param text any text
     * @param token receives each special token
     * @param stretch receives each text before, between and after them that is not empty
     */
    void split(String text, IntConsumer token, Consumer<String> stretch) {
        int from = 0;
        int at = 0;
        while (at < text.length()) {
            int found = firstCharacters.get(text.charAt(at)) ? longestAt(text, at) : NONE;
            if (found == NONE) {
                at++;
                continue;
            }
            if (from < at) {
                stretch.accept(text.substring(from, at));
            }
            token.accept(ids[found]);
            at += texts[found].length();
            from = at;
        }
        if (from < text.length()) {
            stretch.accept(text.substring(from));
        }
    }

    private int longestAt(String text, int at) {
        int from = 0;
        int to = texts.length;
        int longest = NONE;
        for (int depth = 0; at + depth < text.length(); depth++) {
            char character = text.charAt(at + depth);
            from = firstAtLeast(character, depth, from, to);
            to = firstAtLeast(character + 1, depth, from, to);
            if (from == to) {
                break;
            }
            if (texts[from].length() == depth + 1) {
                longest = from++;
            }
        }
        return longest;
    }

    /** First of {@code texts[from .. to)}, all longer than {@code depth}, whose character there is not below. */
    private int firstAtLeast(int character, int depth, int from, int to) {
        int low = from;
        int high = to;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (texts[middle].charAt(depth) < character) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
