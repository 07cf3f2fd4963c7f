/**
 * Tests of the execution and the checks of kernels, below the API. The race detector is compared with the definition of
 * a race.
 */
@NullMarked
package dev.waterspout.emulator.kernel;

import org.jspecify.annotations.NullMarked;
