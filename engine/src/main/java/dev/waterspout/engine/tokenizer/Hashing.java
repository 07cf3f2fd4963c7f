package dev.waterspout.engine.tokenizer;

/** Spreads the bits of a hash, so that the low ones can index a table whose length is a power of two. */
final class Hashing {
    /** 2^64 divided by the golden ratio, made odd (Fibonacci hashing: Knuth, TAOCP volume 3, section 6.4). */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Hashing() {}

    static int spread(long hash) {
        long product = (hash ^ (hash >>> 32)) * GOLDEN;
        return (int) (product >>> 32);
    }
}
