/**
 * The MX codec as OpenCL C for FPGAs, run by TornadoVM as prebuilt tasks, and a model of its cycles and resources.
 * The source is written here because the code that TornadoVM generates for FPGAs does not compile if a kernel has a
 * loop.
 */
@NullMarked
package dev.waterspout.kernels.fpga;

import org.jspecify.annotations.NullMarked;
