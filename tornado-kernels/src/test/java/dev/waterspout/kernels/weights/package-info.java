/** Tests of tensor types against the values that llama.cpp dequantizes. */
@NullMarked
package dev.waterspout.kernels.weights;

import org.jspecify.annotations.NullMarked;
