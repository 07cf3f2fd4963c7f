/**
 * Worker threads that share the arithmetic of one host device. A pool splits a range of items into one contiguous band
 * per worker and returns when all bands are done.
 */
@NullMarked
package dev.waterspout.kernels.parallel;

import org.jspecify.annotations.NullMarked;
