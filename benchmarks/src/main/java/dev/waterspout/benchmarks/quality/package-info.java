/**
 * What compression does to the numbers: errors of sums, by format, collective and distribution. Every figure is computed from
 * seeded inputs and is the same on every machine.
 */
@NullMarked
package dev.waterspout.benchmarks.quality;

import org.jspecify.annotations.NullMarked;
