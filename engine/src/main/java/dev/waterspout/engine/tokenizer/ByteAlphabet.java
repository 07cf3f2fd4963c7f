package dev.waterspout.engine.tokenizer;

import java.util.Arrays;

/**
 * The characters in which byte-level BPE vocabularies write bytes: the printable ones of Latin-1 stand for themselves,
 * the other bytes, in order, for the characters from U+0100 on (the table that GPT-2 introduced).
 */
final class ByteAlphabet {
    private static final int UNMAPPED = -1;
    private static final int[] BYTE_OF_CHARACTER = byteOfCharacter();

    private ByteAlphabet() {}

    /**
     * Writes the bytes that a stretch of text stands for.
     *
     * @return the end of the bytes in {@code target}, or -1 where a character stands for no byte
     */
    static int decode(String text, int from, int to, byte[] target, int at) {
        int end = at;
        for (int i = from; i < to; i++) {
            char character = text.charAt(i);
            int value = character < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[character] : UNMAPPED;
            if (value == UNMAPPED) {
                return UNMAPPED;
            }
            target[end++] = (byte) value;
        }
        return end;
    }

    private static int[] byteOfCharacter() {
        int[] bytes = new int[512];
        Arrays.fill(bytes, UNMAPPED);
        int other = 256;
        for (int value = 0; value < 256; value++) {
            boolean printable = (value > ' ' && value < 0x7F) || (value > 0xA0 && value != 0xAD);
            bytes[printable ? value : other++] = value;
        }
        return bytes;
    }
}
