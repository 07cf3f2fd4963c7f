package dev.waterspout.engine.tokenizer;

import java.util.List;

/** The type of a token in {@code tokenizer.ggml.token_type}. A constant's ordinal is its code in a file. */
public enum TokenType {
    /** A type that the file does not give. Prints nothing. */
    UNDEFINED,
    /** A piece of text. */
    NORMAL,
    /** Stands for text that the vocabulary cannot express. Prints nothing. */
    UNKNOWN,
    /** Structure rather than text, such as the end of a turn. Prints nothing. */
    CONTROL,
    /** A piece of text that is one token in any context. */
    USER_DEFINED,
    /** A reserved id. Prints nothing. */
    UNUSED,
    /** One byte of a character that has no token of its own. */
    BYTE;

    private static final List<TokenType> BY_CODE = List.of(values());

    /** Whether tokens of this type are looked for in the raw text, before it is cut into words or pieces. */
    boolean isSpecial() {
        return this == CONTROL || this == USER_DEFINED || this == UNKNOWN;
    }

    static TokenType of(int code) {
        if (code < 0 || code >= BY_CODE.size()) {
            throw new TokenizerException(
                    "tokenizer.ggml.token_type has the code " + code + ": 0 to " + (BY_CODE.size() - 1) + " are known");
        }
        return BY_CODE.get(code);
    }
}
