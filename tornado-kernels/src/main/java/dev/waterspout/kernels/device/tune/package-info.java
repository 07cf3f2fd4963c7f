/**
 * Tuning of kernels: selects the fastest implementation of each kernel on a device. Every implementation is first
 * compared with the reference, and then timed by TornadoVM's profiler. The results are
 * {@link dev.waterspout.kernels.device.KernelChoices}, which graphs read.
 */
@NullMarked
package dev.waterspout.kernels.device.tune;

import org.jspecify.annotations.NullMarked;
