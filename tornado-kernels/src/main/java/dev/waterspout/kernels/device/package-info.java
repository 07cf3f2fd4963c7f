/**
 * The task graphs that a forward pass needs on TornadoVM devices, their operands, and how the work of each kernel is
 * cut. {@link dev.waterspout.kernels.device.KernelGraph} is how others use the kernels.
 */
@NullMarked
package dev.waterspout.kernels.device;

import org.jspecify.annotations.NullMarked;
