/** Tests of the search for the fastest kernels. */
@NullMarked
package dev.waterspout.kernels.device.tune;

import org.jspecify.annotations.NullMarked;
