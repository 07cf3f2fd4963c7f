package dev.waterspout.engine.bench;

/**
 * A workload as llama-bench defines it: prefill of some tokens, then decode of some, in a context that may already
 * hold tokens.
 *
 * @param prompt tokens of prefill, 0 for no prefill
 * @param generate tokens of decode, 0 for no decode; at least one of both is above 0
 * @param depth tokens in the context when the timing starts
 * @param sequences number of sequences at the same time, each with its own tokens
 */
public record Workload(int prompt, int generate, int depth, int sequences) {
    /** Checks the ranges. */
    public Workload {
        requirePositive("prompt tokens", prompt);
        requirePositive("generated tokens", generate);
        requirePositive("depth", depth);
        if (prompt == 0 && generate == 0) {
            throw new IllegalArgumentException("a test of no tokens; -p, -n or both must be above 0");
        }
        if (sequences < 1) {
            throw new IllegalArgumentException("number of parallel sequences " + sequences + "; it must be at least 1");
        }
        // Both are computed without overflow here, and fit an int afterwards.
        requireCountable("positions", (long) depth + Math.max(1, prompt) + generate);
        requireCountable("tokens", Math.multiplyExact((long) sequences, (long) prompt + generate));
    }

    /**
     * A workload of one sequence.
     *
     * @param prompt tokens of prefill, 0 for no prefill
     * @param generate tokens of decode, 0 for no decode; at least one of both is above 0
     * @param depth tokens in the context when the timing starts
     */
    public Workload(int prompt, int generate, int depth) {
        this(prompt, generate, depth, 1);
    }

    /**
     * Returns its name, such as {@code pp512}, {@code tg128 @ d1024}, {@code pp512+tg128}, or {@code 16 x tg128} for
     * several sequences.
     */
    public String label() {
        String name = (sequences > 1 ? sequences + " x " : "")
                + (prompt > 0 ? "pp" + prompt : "")
                + (prompt > 0 && generate > 0 ? "+" : "")
                + (generate > 0 ? "tg" + generate : "");
        return depth > 0 ? name + " @ d" + depth : name;
    }

    /** Returns the number of timed tokens of all sequences. */
    public int tokens() {
        return sequences * (prompt + generate);
    }

    /** Returns the number of positions that each sequence needs. Decode begins with one token that is not timed. */
    public int positions() {
        return depth + Math.max(1, prompt) + generate;
    }

    private static void requireCountable(String what, long count) {
        if (count > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "a test of " + count + " " + what + "; at most " + Integer.MAX_VALUE + " are allowed");
        }
    }

    private static void requirePositive(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " " + value + "; they must be 0 or more");
        }
    }
}
