/**
 * The arithmetic of the host device: matrix products with quantized weights, attention, normalization, rotary embedding
 * and activations on the CPU. Scalar kernels are the readable reference; runs use the Vector API kernels.
 */
@NullMarked
package dev.waterspout.kernels.host;

import org.jspecify.annotations.NullMarked;
