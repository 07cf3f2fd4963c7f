package dev.waterspout.engine.grammar;

import java.util.ArrayList;
import java.util.List;

/** Grammars of the decimal integers within a range. */
final class IntegerRange {
    private static final int MOST_DIGITS = 17;

    private IntegerRange() {}

    /**
     * Returns the grammar of the integers from a smallest to a largest one.
     *
     * @param least the smallest one
     * @param most the largest one; at least {@code least}
     */
    static Node between(long least, long most) {
        List<Node> choices = new ArrayList<>();
        if (least < 0) {
            choices.add(Node.sequence(Node.text("-"), positive(Math.max(1, -most), -least)));
        }
        if (most >= 0) {
            long from = Math.max(0, least);
            if (from == 0) {
                choices.add(Node.text("0"));
            }
            if (most > 0) {
                choices.add(positive(Math.max(1, from), most));
            }
        }
        return new Node.Choice(choices);
    }

    /** Returns the grammar of the integers from a bound upwards. */
    static Node from(long least) {
        return open(least, false);
    }

    /** Returns the grammar of the integers up to a bound. */
    static Node upTo(long most) {
        return open(-most, true);
    }

    /** Returns the integers from a bound upwards, with all signs inverted if {@code turned}. */
    private static Node open(long least, boolean turned) {
        List<Node> choices = new ArrayList<>();
        if (least <= 0) {
            choices.add(Node.text("0"));
            if (least < 0) {
                choices.add(signed(positive(1, -least), !turned));
            }
        }
        long from = Math.max(1, least);
        int digits = Long.toString(from).length();
        choices.add(signed(positive(from, power(digits) - 1), turned));
        if (digits < MOST_DIGITS) {
            Node longer = Node.sequence(
                    new Node.Characters(CharacterSet.of('1', '9')), JsonRules.digits(digits, MOST_DIGITS - 1));
            choices.add(signed(longer, turned));
        }
        return new Node.Choice(choices);
    }

    private static Node signed(Node digits, boolean negative) {
        return negative ? Node.sequence(Node.text("-"), digits) : digits;
    }

    private static long power(int digits) {
        long power = 1;
        for (int i = 0; i < digits; i++) {
            power *= 10;
        }
        return power;
    }

    /** Returns the integers of a range above zero, one choice per number of digits. */
    private static Node positive(long least, long most) {
        List<Node> choices = new ArrayList<>();
        long from = least;
        while (from <= most) {
            long nines = power(Long.toString(from).length()) - 1;
            long to = Math.min(most, nines);
            choices.add(sameLength(Long.toString(from), Long.toString(to)));
            from = to + 1;
        }
        return new Node.Choice(choices);
    }

    /** Returns the numbers between two bounds with the same number of digits. */
    private static Node sameLength(String least, String most) {
        if (least.length() == 1) {
            return new Node.Characters(CharacterSet.of(least.charAt(0), most.charAt(0)));
        }
        char first = least.charAt(0);
        char last = most.charAt(0);
        String leastRest = least.substring(1);
        String mostRest = most.substring(1);
        int rest = leastRest.length();
        if (first == last) {
            return Node.sequence(Node.text(String.valueOf(first)), sameLength(leastRest, mostRest));
        }
        String zeros = "0".repeat(rest);
        String nines = "9".repeat(rest);
        List<Node> choices = new ArrayList<>();
        int from = first;
        int to = last;
        if (!leastRest.equals(zeros)) {
            choices.add(Node.sequence(Node.text(String.valueOf(first)), sameLength(leastRest, nines)));
            from++;
        }
        if (!mostRest.equals(nines)) {
            choices.add(Node.sequence(Node.text(String.valueOf(last)), sameLength(zeros, mostRest)));
            to--;
        }
        if (from <= to) {
            choices.add(Node.sequence(new Node.Characters(CharacterSet.of(from, to)), JsonRules.digits(rest, rest)));
        }
        return new Node.Choice(choices);
    }
}
