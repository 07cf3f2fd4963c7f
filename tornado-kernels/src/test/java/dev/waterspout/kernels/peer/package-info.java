/** Tests of copies between devices: what is refused, and every bit of what is copied. */
@NullMarked
package dev.waterspout.kernels.peer;

import org.jspecify.annotations.NullMarked;
