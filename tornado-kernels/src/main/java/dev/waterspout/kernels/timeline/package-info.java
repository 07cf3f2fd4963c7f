/**
 * What a rank does when: the phases of its work with their beginnings and ends, for files that trace viewers open and for Java
 * Flight Recorder. Where nobody asked, an object that does nothing stands in for the recording.
 */
@NullMarked
package dev.waterspout.kernels.timeline;

import org.jspecify.annotations.NullMarked;
