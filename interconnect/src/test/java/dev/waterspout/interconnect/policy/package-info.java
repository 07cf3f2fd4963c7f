/**
 * Tests of measurements and decisions, on simulated machines: a clock advances only by the cost of simulated links and
 * codecs, so results are the same in every run.
 */
@NullMarked
package dev.waterspout.interconnect.policy;

import org.jspecify.annotations.NullMarked;
