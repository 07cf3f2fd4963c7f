/**
 * Copies between the memories of devices that bypass the host's memory. The addresses come from TornadoVM's library
 * tasks; the copies are made by OpenCL's or CUDA's own library.
 */
@NullMarked
package dev.waterspout.kernels.peer;

import org.jspecify.annotations.NullMarked;
