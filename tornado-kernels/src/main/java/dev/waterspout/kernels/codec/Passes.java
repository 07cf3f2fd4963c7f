package dev.waterspout.kernels.codec;

import java.util.List;
import java.util.function.Consumer;

/**
 * Loops over what is on its way between f32 and a packed form, one after the other. The compiler sees that the call in
 * {@link #run} has many targets and compiles each by itself: inlined together they have more nodes than it accepts, and
 * vectors that cross a call which was left are objects on the heap. Which calls those are depends on what else the process
 * has done, and such a loop is six times as slow.
 *
 * @param <T> arrays that all passes work on
 */
final class Passes<T> {
    private final List<Consumer<T>> passes;

    /** @param passes in order; a loop among them goes one way only */
    Passes(List<Consumer<T>> passes) {
        this.passes = passes;
    }

    void run(T arrays) {
        for (Consumer<T> pass : passes) {
            pass.accept(arrays);
        }
    }
}
