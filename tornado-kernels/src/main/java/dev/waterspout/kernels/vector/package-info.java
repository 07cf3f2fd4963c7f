/**
 * Shared by all code over the Vector API: vector shapes, layouts of numbers in memory, and access to memory by address.
 */
@NullMarked
package dev.waterspout.kernels.vector;

import org.jspecify.annotations.NullMarked;
