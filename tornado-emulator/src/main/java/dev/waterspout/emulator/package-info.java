/**
 * Devices of the emulator: how many there are, what they can do, how they fail, what they have moved.
 * This is the emulator's own interface, for tests and tools; everything else goes through the TornadoVM API.
 */
@NullMarked
package dev.waterspout.emulator;

import org.jspecify.annotations.NullMarked;
