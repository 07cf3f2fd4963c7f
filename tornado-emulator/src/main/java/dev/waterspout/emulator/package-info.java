/**
 * Devices of the emulator: their number, limits, failures and counters. This is the emulator's own interface, for
 * tests and tools; everything else goes through the TornadoVM API.
 */
@NullMarked
package dev.waterspout.emulator;

import org.jspecify.annotations.NullMarked;
