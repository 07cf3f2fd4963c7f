package dev.waterspout.kernels.codec;

import java.util.List;
import java.util.function.Consumer;

/**
 * The loops of an encoder or a decoder, run in order over the same scratch arrays. The call in {@link #run} has many
 * targets, so the JIT compiles each loop by itself. Inlined into one method, the loops exceed its node limit; calls
 * then stay, and vectors that cross such a call are allocated on the heap, which makes a loop six times as slow.
 *
 * @param <T> arrays that all passes work on
 */
final class Passes<T> {
    private final List<Consumer<T>> passes;

    /** @param passes passes in order; a loop among them has one direction only */
    Passes(List<Consumer<T>> passes) {
        this.passes = passes;
    }

    void run(T arrays) {
        for (Consumer<T> pass : passes) {
            pass.accept(arrays);
        }
    }
}
