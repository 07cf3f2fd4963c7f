/**
 * Tests of what measures and decides, on simulated machines: clocks move only by what a simulated link or codec costs,
 * so results are the same in every run.
 */
@NullMarked
package dev.waterspout.interconnect.policy;

import org.jspecify.annotations.NullMarked;
