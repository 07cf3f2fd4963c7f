/** Tests of the FPGA kernels. */
@org.jspecify.annotations.NullMarked
package dev.waterspout.kernels.fpga;
