/**
 * A rank's codec on an FPGA: the kernels of {@code dev.waterspout.kernels.fpga} in place of the host's codec, and the
 * folder that a vendor's compiler makes a bitstream of.
 */
@NullMarked
package dev.waterspout.engine.fpga;

import org.jspecify.annotations.NullMarked;
