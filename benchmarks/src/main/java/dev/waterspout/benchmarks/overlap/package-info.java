/** Prefill whose computation and exchange overlap, beside prefill in which they take turns. */
@NullMarked
package dev.waterspout.benchmarks.overlap;

import org.jspecify.annotations.NullMarked;
