/** Tests of the probe: it performs the operations that it times. */
@NullMarked
package dev.waterspout.kernels.probe;

import org.jspecify.annotations.NullMarked;
