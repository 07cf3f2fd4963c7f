/**
 * Tests of the emulator: the behaviour of the API, the errors that checks find, and equality of signatures with the
 * real API. The kernels are in one class; each is correct or has exactly one error.
 */
@NullMarked
package dev.waterspout.emulator;

import org.jspecify.annotations.NullMarked;
