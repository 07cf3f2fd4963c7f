/**
 * Task graphs of a forward pass on TornadoVM devices, their operands, and the choices of how a kernel's work is
 * divided. Other packages use the kernels through {@link dev.waterspout.kernels.device.KernelGraph}.
 */
@NullMarked
package dev.waterspout.kernels.device;

import org.jspecify.annotations.NullMarked;
