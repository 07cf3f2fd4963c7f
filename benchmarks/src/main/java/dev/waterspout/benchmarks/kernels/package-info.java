/**
 * JMH benchmarks of the host kernels and the wire formats. Inputs are larger than the caches where memory is what limits.
 */
@NullMarked
package dev.waterspout.benchmarks.kernels;

import org.jspecify.annotations.NullMarked;
