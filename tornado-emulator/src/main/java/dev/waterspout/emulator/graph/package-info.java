/**
 * Executes task graphs and plans: keeps track of the arrays on the device, copies them and runs tasks. Staleness
 * follows the real runtime, so that a forgotten transfer shows.
 */
@NullMarked
package dev.waterspout.emulator.graph;

import org.jspecify.annotations.NullMarked;
