/** Compares prefill whose computation and exchange overlap with prefill in which they alternate. */
@NullMarked
package dev.waterspout.benchmarks.overlap;

import org.jspecify.annotations.NullMarked;
