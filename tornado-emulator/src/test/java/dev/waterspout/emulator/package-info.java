/**
 * Tests of the emulator: what the API does, what the checks catch, and that signatures are the real ones.
 * The kernels used lie in one class, each written right or wrong in exactly one way.
 */
@NullMarked
package dev.waterspout.emulator;

import org.jspecify.annotations.NullMarked;
