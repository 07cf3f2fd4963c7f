/** Checks of the compiled kernels' bytecode. */
@NullMarked
package dev.waterspout.kernels.device.kernels;

import org.jspecify.annotations.NullMarked;
