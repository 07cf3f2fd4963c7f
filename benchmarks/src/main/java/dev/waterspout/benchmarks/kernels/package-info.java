/** JMH benchmarks of the host kernels and the wire formats. Inputs exceed the caches where memory is the limit. */
@NullMarked
package dev.waterspout.benchmarks.kernels;

import org.jspecify.annotations.NullMarked;
