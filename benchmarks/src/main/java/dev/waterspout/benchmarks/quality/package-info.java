/**
 * The accuracy of compression: errors of sums by format, collective and distribution, and increases of perplexity.
 * Errors of sums are computed from seeded inputs and are the same on every machine.
 */
@NullMarked
package dev.waterspout.benchmarks.quality;

import org.jspecify.annotations.NullMarked;
