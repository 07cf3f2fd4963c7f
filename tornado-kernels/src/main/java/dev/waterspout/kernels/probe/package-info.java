/**
 * The limits of the CPU and of devices: read bandwidth and multiply-adds per second, measured by loops that do
 * nothing else. Comparing kernels with these limits shows which fraction of the hardware they use.
 */
@NullMarked
package dev.waterspout.kernels.probe;

import org.jspecify.annotations.NullMarked;
