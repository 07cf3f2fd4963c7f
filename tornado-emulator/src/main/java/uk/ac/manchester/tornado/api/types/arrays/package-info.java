/**
 * Off-heap arrays, which host code and kernels share.
 * Each starts with a header that holds the element count; the elements follow it.
 */
@NullMarked
package uk.ac.manchester.tornado.api.types.arrays;

import org.jspecify.annotations.NullMarked;
