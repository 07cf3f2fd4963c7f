package dev.waterspout.engine.tokenizer;

import java.util.Arrays;

/**
 * The characters that stand for bytes in byte-level BPE vocabularies, as GPT-2 introduced them: a printable byte of
 * Latin-1 is written as itself; the other bytes, in order, are written as the characters from U+0100 on.
 */
final class ByteAlphabet {
    private static final int UNMAPPED = -1;
    private static final int[] BYTE_OF_CHARACTER = byteOfCharacter();

    private ByteAlphabet() {}

    /**
     * Writes the bytes that the characters {@code text[from .. to)} stand for.
     *
     * @return the end of the bytes in {@code target}, or -1 if a character represents no byte
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
