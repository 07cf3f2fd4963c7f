/**
 * Finds out by trial how kernels should run on a device: every way is compared with the reference first, and only then
 * timed by TornadoVM's profiler. What it finds is data, which {@link dev.waterspout.kernels.device.KernelChoices} hands
 * to graphs.
 */
@NullMarked
package dev.waterspout.kernels.device.tune;

import org.jspecify.annotations.NullMarked;
