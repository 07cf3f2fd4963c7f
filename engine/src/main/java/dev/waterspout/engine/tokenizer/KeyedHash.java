package dev.waterspout.engine.tokenizer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Hashes with a key that each process draws at random, so that no file can be made whose tokens all collide. Spans of
 * bytes are hashed by SipHash-1-3 (Aumasson and Bernstein, 2012), pairs of ids by pair-multiply-shift (Thorup, "High
 * speed hashing for integers and strings", 2015).
 */
final class KeyedHash {
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();

    /** Rounds after the last word of the text. */
    private static final int FINAL_ROUNDS = 3;

    /** An odd factor. Small ids are an arithmetic progression, which a single product may map to few slots. */
    private static final long MIXER = 0xd6e8feb86659fd93L;

    private static final long KEY_0;
    private static final long KEY_1;
    private static final long LEFT_KEY;
    private static final long RIGHT_KEY;
    private static final long SUM_KEY;

    static {
        SplittableRandom random = new SplittableRandom();
        KEY_0 = random.nextLong();
        KEY_1 = random.nextLong();
        LEFT_KEY = random.nextLong();
        RIGHT_KEY = random.nextLong();
        SUM_KEY = random.nextLong();
    }

    private KeyedHash() {}

    /** Returns the hash of {@code text[from .. to)}; all its bits are usable. */
    static int of(byte[] text, int from, int to) {
        return (int) sipHash(KEY_0, KEY_1, text, from, to);
    }

    /** Returns the hash of two token ids; all its bits are usable. */
    static int of(int left, int right) {
        long product = (LEFT_KEY + (left & 0xFFFF_FFFFL)) * (RIGHT_KEY + (right & 0xFFFF_FFFFL)) + SUM_KEY;
        long mixed = (product ^ (product >>> 32)) * MIXER;
        return (int) (mixed ^ (mixed >>> 32));
    }

    /** SipHash with one round per word of the text and three at the end. */
    static long sipHash(long key0, long key1, byte[] text, int from, int to) {
        long v0 = key0 ^ 0x736f6d6570736575L;
        long v1 = key1 ^ 0x646f72616e646f6dL;
        long v2 = key0 ^ 0x6c7967656e657261L;
        long v3 = key1 ^ 0x7465646279746573L;
        int words = (to - from) / Long.BYTES;
        for (int round = 0; round <= words + FINAL_ROUNDS; round++) {
            long word = 0;
            if (round < words) {
                word = (long) WORDS.get(text, from + round * Long.BYTES);
            } else if (round == words) {
                word = lastWord(text, from, to);
            } else if (round == words + 1) {
                v2 ^= 0xFF;
            }
            v3 ^= word;
            v0 += v1;
            v2 += v3;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 = Long.rotateLeft(v0, 32) + v3;
            v2 += v1;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v2 = Long.rotateLeft(v2, 32);
            v0 ^= word;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }

    /** The bytes after the last whole word, and the text's length modulo 256 in the highest byte. */
    private static long lastWord(byte[] text, int from, int to) {
        long word = (long) (to - from) << 56;
        int rest = (to - from) % Long.BYTES;
        for (int i = 0; i < rest; i++) {
            word |= (text[to - rest + i] & 0xFFL) << (i * Byte.SIZE);
        }
        return word;
    }
}
