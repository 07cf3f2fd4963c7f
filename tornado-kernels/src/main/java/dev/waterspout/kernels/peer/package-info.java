/**
 * Copies between the memories of devices that bypass the host's memory. TornadoVM's library tasks give the addresses;
 * OpenCL's or CUDA's own library makes the copies.
 */
@NullMarked
package dev.waterspout.kernels.peer;

import org.jspecify.annotations.NullMarked;
