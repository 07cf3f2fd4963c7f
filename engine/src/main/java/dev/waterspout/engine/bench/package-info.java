/**
 * Workloads, their cost and their times for {@code waterspout bench}, and models of random weights. Such models serve
 * to measure speed and memory; their text is meaningless.
 */
@NullMarked
package dev.waterspout.engine.bench;

import org.jspecify.annotations.NullMarked;
