/** Tests of the host kernels. Both implementations have one contract; the Vector API kernels have additional tests. */
@NullMarked
package dev.waterspout.kernels.host;

import org.jspecify.annotations.NullMarked;
