/** Tests of the timeline. */
@org.jspecify.annotations.NullMarked
package dev.waterspout.kernels.timeline;
