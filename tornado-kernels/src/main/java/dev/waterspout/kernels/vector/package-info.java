/** Vector shapes, layouts of numbers in memory, and memory by address: what all code over the Vector API shares. */
@NullMarked
package dev.waterspout.kernels.vector;

import org.jspecify.annotations.NullMarked;
