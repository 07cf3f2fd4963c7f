package dev.waterspout.engine.jinja;

/**
 * A token of a template.
 *
 * @param kind kind of the value
 * @param text text of data: the characters; of a string: its value; else as written
 * @param line line of its first character, from 1
 */
record Token(Kind kind, String text, int line) {
    enum Kind {
        DATA,
        OUTPUT_BEGIN,
        OUTPUT_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind other, String written) {
        return kind == other && text.equals(written);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case END -> "the end of the template";
            case OUTPUT_END, BLOCK_END -> "the end of the tag";
            default -> "'" + text + "'";
        };
    }
}
