package dev.waterspout.engine.grammar;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A set of Unicode characters.
 *
 * @param ranges disjoint ranges in ascending order; no surrogates
 */
public record CharacterSet(List<Range> ranges) {
    private static final int LAST = 0x10ffff;
    private static final int FIRST_SURROGATE = 0xd800;
    private static final int LAST_SURROGATE = 0xdfff;
    /** The last character of one, two, three and four bytes in UTF-8. */
    private static final int[] LAST_OF_LENGTH = {0x7f, 0x7ff, 0xffff, LAST};

    /** All characters. */
    public static final CharacterSet ALL = of(0, LAST);

    /** Sorts the ranges, merges them where they touch, and removes surrogates. */
    public CharacterSet {
        ranges = normalized(ranges);
    }

    /** A range of characters, both ends included. */
    public record Range(int first, int last) {}

    /** Returns the characters from one to another, both included. */
    public static CharacterSet of(int first, int last) {
        return new CharacterSet(List.of(new Range(first, last)));
    }

    /** Returns the characters of a text. */
    public static CharacterSet of(String characters) {
        return new CharacterSet(characters
                .codePoints()
                .mapToObj(character -> new Range(character, character))
                .toList());
    }

    private static List<Range> normalized(List<Range> ranges) {
        List<Range> cut = new ArrayList<>();
        for (Range range : ranges) {
            add(cut, range.first(), Math.min(range.last(), FIRST_SURROGATE - 1));
            add(cut, Math.max(range.first(), LAST_SURROGATE + 1), range.last());
        }
        cut.sort(Comparator.comparingInt(Range::first));
        List<Range> joined = new ArrayList<>();
        for (Range range : cut) {
            if (!joined.isEmpty() && range.first() <= joined.getLast().last() + 1) {
                Range before = joined.removeLast();
                joined.add(new Range(before.first(), Math.max(before.last(), range.last())));
            } else {
                joined.add(range);
            }
        }
        return List.copyOf(joined);
    }

    private static void add(List<Range> ranges, int first, int last) {
        if (first <= last) {
            ranges.add(new Range(first, last));
        }
    }

    /** Returns the union of this set and another. */
    public CharacterSet or(CharacterSet other) {
        List<Range> both = new ArrayList<>(ranges);
        both.addAll(other.ranges);
        return new CharacterSet(both);
    }

    /** Returns the complement. */
    public CharacterSet not() {
        List<Range> others = new ArrayList<>();
        int next = 0;
        for (Range range : ranges) {
            add(others, next, range.first() - 1);
            next = range.last() + 1;
        }
        add(others, next, LAST);
        return new CharacterSet(others);
    }

    /** Returns the characters of this set that are not in the other. */
    public CharacterSet minus(CharacterSet other) {
        return not().or(other).not();
    }

    /** Returns whether the set contains a character. */
    public boolean has(int character) {
        return ranges.stream().anyMatch(range -> range.first() <= character && character <= range.last());
    }

    /** Returns whether the set is empty. */
    public boolean isEmpty() {
        return ranges.isEmpty();
    }

    /**
     * Returns the UTF-8 encodings of the characters, as sequences of byte ranges. Each character matches exactly one
     * sequence.
     *
     * @return for each sequence, the first and the last byte at each position: first 0, last 0, first 1, last 1, ...
     */
    List<int[]> utf8() {
        List<int[]> sequences = new ArrayList<>();
        for (Range range : ranges) {
            int first = range.first();
            for (int length = 1; length <= LAST_OF_LENGTH.length && first <= range.last(); length++) {
                int last = Math.min(range.last(), LAST_OF_LENGTH[length - 1]);
                if (first <= last) {
                    split(first, last, length, sequences);
                    first = last + 1;
                }
            }
        }
        return sequences;
    }

    /** Splits a range of characters of equal encoded length into sequences of byte ranges. */
    private static void split(int first, int last, int length, List<int[]> sequences) {
        for (int place = 1; place < length; place++) {
            int mask = (1 << (6 * place)) - 1;
            if ((first & ~mask) != (last & ~mask)) {
                if ((first & mask) != 0) {
                    split(first, first | mask, length, sequences);
                    split((first | mask) + 1, last, length, sequences);
                    return;
                }
                if ((last & mask) != mask) {
                    split(first, (last & ~mask) - 1, length, sequences);
                    split(last & ~mask, last, length, sequences);
                    return;
                }
            }
        }
        int[] sequence = new int[2 * length];
        for (int place = 0; place < length; place++) {
            sequence[2 * place] = utf8Byte(first, length, place);
            sequence[2 * place + 1] = utf8Byte(last, length, place);
        }
        sequences.add(sequence);
    }

    private static int utf8Byte(int character, int length, int place) {
        int bits = character >> (6 * (length - 1 - place));
        if (place > 0) {
            return 0x80 | (bits & 0x3f);
        }
        return length == 1 ? bits : (0xf00 >> length & 0xff) | bits;
    }
}
