/**
 * What ranks exchange after a row-parallel layer and at the output head. Every message travels in a frame, and every
 * byte that leaves or reaches a rank is counted.
 */
@NullMarked
package dev.waterspout.interconnect.collective;

import org.jspecify.annotations.NullMarked;
