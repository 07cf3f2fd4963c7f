/**
 * The kernels themselves: static methods of work-items over TornadoVM arrays, which TornadoVM compiles, and the
 * constants and tables that they read. The task graphs of {@link dev.waterspout.kernels.device} launch them.
 */
@NullMarked
package dev.waterspout.kernels.device.kernels;

import org.jspecify.annotations.NullMarked;
