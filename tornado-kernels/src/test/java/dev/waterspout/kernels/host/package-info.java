/**
 * Tests of the host kernels. One contract for both implementations; what only the Vector API kernels promise beside it.
 */
@NullMarked
package dev.waterspout.kernels.host;

import org.jspecify.annotations.NullMarked;
