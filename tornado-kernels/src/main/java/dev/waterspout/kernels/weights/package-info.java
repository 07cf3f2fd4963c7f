/**
 * The types of GGUF tensors, one class each: the layout of a block, the reference value of one weight, the unpacking
 * of a run of columns to f32, and the decode function of device kernels.
 * {@link dev.waterspout.kernels.weights.WeightFormat} lists them. The code of matrix products names no type.
 */
@NullMarked
package dev.waterspout.kernels.weights;

import org.jspecify.annotations.NullMarked;
