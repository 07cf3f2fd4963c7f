/**
 * Executes task graphs and plans: which arrays are on the device, when they are copied, which tasks run.
 * Staleness follows the real runtime, so that a forgotten transfer shows.
 */
@NullMarked
package dev.waterspout.emulator.graph;

import org.jspecify.annotations.NullMarked;
