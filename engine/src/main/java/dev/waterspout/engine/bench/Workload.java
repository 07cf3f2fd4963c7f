package dev.waterspout.engine.bench;

/**
 * What is timed, as llama-bench counts it: tokens in one go, then tokens one by one, in a context that may hold others
 * before.
 *
 * @param prompt tokens of prefill, 0 for none
 * @param generate tokens of decode, 0 for none; not both are 0
 * @param depth tokens that are in the context when the clock starts
 */
public record Workload(int prompt, int generate, int depth) {
    /** Checks the ranges. */
    public Workload {
        requirePositive("prompt tokens", prompt);
        requirePositive("generated tokens", generate);
        requirePositive("depth", depth);
        if (prompt == 0 && generate == 0) {
            throw new IllegalArgumentException("a test of no tokens; -p, -n or both must be above 0");
        }
    }

    /** Returns its name, such as {@code pp512}, {@code tg128 @ d1024} or {@code pp512+tg128}. */
    public String label() {
        String name = (prompt > 0 ? "pp" + prompt : "")
                + (prompt > 0 && generate > 0 ? "+" : "")
                + (generate > 0 ? "tg" + generate : "");
        return depth > 0 ? name + " @ d" + depth : name;
    }

    /** Returns the tokens that are timed. */
    public int tokens() {
        return prompt + generate;
    }

    /** Returns the positions that it needs. A generation begins with a token of its own, which is not timed. */
    public int positions() {
        return depth + Math.max(1, prompt) + generate;
    }

    private static void requirePositive(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " " + value + "; they must be 0 or more");
        }
    }
}
