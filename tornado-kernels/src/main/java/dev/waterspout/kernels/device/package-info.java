/**
 * The kernels that a forward pass needs on TornadoVM devices, and the task graphs that they make up. Kernels are plain static
 * methods of work-items over TornadoVM arrays; {@link dev.waterspout.kernels.device.KernelGraph} is how others use them.
 */
@NullMarked
package dev.waterspout.kernels.device;

import org.jspecify.annotations.NullMarked;
