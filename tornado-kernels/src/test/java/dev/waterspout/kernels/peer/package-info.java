/** Tests of copies between devices: refusals, and equality of every copied bit. */
@NullMarked
package dev.waterspout.kernels.peer;

import org.jspecify.annotations.NullMarked;
