/**
 * Copies between the memories of devices without a way through the host's. The addresses come from TornadoVM's library tasks;
 * the copies are made by OpenCL's or CUDA's own library.
 */
@NullMarked
package dev.waterspout.kernels.peer;

import org.jspecify.annotations.NullMarked;
