/**
 * Tests of what runs and checks kernels, below the API.
 * The race detector is compared with a plain statement of what a race is.
 */
@NullMarked
package dev.waterspout.emulator.kernel;

import org.jspecify.annotations.NullMarked;
