package dev.waterspout.kernels.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Codes of one to eight bits, between one per byte and packed: eight at a time, with {@link Long#compress} and
 * {@link Long#expand} (PEXT and PDEP on x86). Arrays have eight bytes to spare.
 */
final class ByteCodes {
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private ByteCodes() {}

    /** Packs codes, into another array or the same: no word reaches a code that is still to be read. */
    static void pack(byte[] codes, int count, int bits, byte[] packed) {
        long mask = mask(bits);
        // The bytes past a word are zero and are written after it.
        for (int i = 0, at = 0; i < count; i += Long.BYTES, at += bits) {
            WORDS.set(packed, at, Long.compress((long) WORDS.get(codes, i), mask));
        }
    }

    /** Unpacks codes. */
    static void unpack(byte[] packed, int count, int bits, byte[] codes) {
        long mask = mask(bits);
        for (int i = 0, at = 0; i < count; i += Long.BYTES, at += bits) {
            WORDS.set(codes, i, Long.expand((long) WORDS.get(packed, at), mask));
        }
    }

    private static long mask(int bits) {
        return 0x0101010101010101L * ((1 << bits) - 1);
    }
}
