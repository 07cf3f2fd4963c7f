/**
 * What `waterspout bench` needs: workloads, their cost and their times, and models of any size with random weights. The
 * latter measure speed and memory, never text.
 */
@NullMarked
package dev.waterspout.engine.bench;

import org.jspecify.annotations.NullMarked;
