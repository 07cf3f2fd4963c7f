/**
 * The same results as the Vector API's, bit for bit, by loops over arrays: for the first pass of a process, which the
 * JVM has not compiled yet.
 */
@NullMarked
package dev.waterspout.kernels.host.cold;

import org.jspecify.annotations.NullMarked;
