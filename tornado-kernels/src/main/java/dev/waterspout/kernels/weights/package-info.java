/**
 * The types of GGUF tensors, one class each: what a block's bytes mean, the value of one weight as a reference, the unpacking
 * of a run of columns to f32, and what device kernels need. {@link dev.waterspout.kernels.weights.WeightFormat} lists them; a
 * product knows none of them.
 */
@NullMarked
package dev.waterspout.kernels.weights;

import org.jspecify.annotations.NullMarked;
