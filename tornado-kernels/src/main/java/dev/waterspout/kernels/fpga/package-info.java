/**
 * The MX codec as OpenCL C of our own for FPGAs, run by TornadoVM as prebuilt tasks, and a model of what it takes there.
 * What TornadoVM itself generates for FPGAs does not compile where a kernel has a loop.
 */
@NullMarked
package dev.waterspout.kernels.fpga;

import org.jspecify.annotations.NullMarked;
