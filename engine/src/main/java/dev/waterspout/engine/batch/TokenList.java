package dev.waterspout.engine.batch;

import java.util.Arrays;
import java.util.List;

/** The tokens of a sequence: the prompt and the generated ones. */
final class TokenList {
    private int[] tokens;
    private int size;

    TokenList(int... prompt) {
        tokens = prompt.clone();
        size = prompt.length;
    }

    int size() {
        return size;
    }

    int get(int position) {
        return tokens[position];
    }

    void add(int token) {
        if (size == tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(16, 2 * size));
        }
        tokens[size++] = token;
    }

    List<Integer> between(int from, int to) {
        return Arrays.stream(tokens, from, to).boxed().toList();
    }
}
