/**
 * Timelines of ranks: the start and the duration of each phase of their work, for files that trace viewers open and
 * for Java Flight Recorder. If no recording was requested, a timeline that does nothing takes its place.
 */
@NullMarked
package dev.waterspout.kernels.timeline;

import org.jspecify.annotations.NullMarked;
