/** Tests of the probe: that it does what it times. */
@NullMarked
package dev.waterspout.kernels.probe;

import org.jspecify.annotations.NullMarked;
