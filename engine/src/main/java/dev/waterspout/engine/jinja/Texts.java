package dev.waterspout.engine.jinja;

import java.util.Locale;

/** Functions that methods and filters of texts share. */
final class Texts {
    private Texts() {}

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** {@return a text whose words begin with a capital and go on in lower case} */
    static MarkedText title(MarkedText text) {
        String all = text.toString();
        MarkedText.Builder builder = new MarkedText.Builder();
        boolean inWord = false;
        for (int i = 0; i < all.length(); ) {
            int next = all.offsetByCodePoints(i, 1);
            boolean within = inWord;
            builder.append(text.substring(i, next).map(within ? Texts::lower : Texts::upper));
            inWord = Character.isLetter(all.codePointAt(i));
            i = next;
        }
        return builder.build();
    }

    /** {@return a text whose first character is a capital and whose others are in lower case} */
    static MarkedText capitalize(MarkedText text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = Character.charCount(text.toString().codePointAt(0));
        return text.substring(0, first)
                .map(Texts::upper)
                .plus(text.substring(first, text.length()).map(Texts::lower));
    }

    static Value replace(Value.Text text, Arguments arguments, Budget budget) {
        String old = arguments.text(0, "old");
        MarkedText replacement = Operators.requireText(arguments.get(1, "new"));
        long count = arguments.integer(2, "count", -1);
        long most = old.isEmpty() ? text.text().length() + 1L : text.text().length() / old.length();
        budget.search(text.text(), old);
        budget.spend(most * replacement.length());
        return Value.of(budget.produced(text.text().replace(old, replacement, count)));
    }
}
