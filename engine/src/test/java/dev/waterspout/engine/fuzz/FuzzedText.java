package dev.waterspout.engine.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** An input of a fuzz test: a UTF-8 text up to the first zero byte, then one byte per choice. */
final class FuzzedText {
    private final byte[] bytes;
    private final int end;
    private int at;

    FuzzedText(byte[] bytes) {
        this.bytes = bytes;
        int zero = 0;
        while (zero < bytes.length && bytes[zero] != 0) {
            zero++;
        }
        this.end = zero;
        this.at = zero + 1;
    }

    /** Returns the text; malformed bytes are U+FFFD in it. */
    String text() {
        return new String(Arrays.copyOf(bytes, end), StandardCharsets.UTF_8);
    }

    /** Returns whether there is another choice. */
    boolean chooses() {
        return at < bytes.length;
    }

    /** Returns the next choice, from 0 to below a number. */
    int choose(int number) {
        return Byte.toUnsignedInt(bytes[at++]) % number;
    }
}
