/**
 * Tests of the collectives: sums against the scalar reference bit for bit, traffic against sizes computed
 * independently, and damage on the way. A fault must end in an exception and never in a wrong sum.
 */
@NullMarked
package dev.waterspout.interconnect.collective;

import org.jspecify.annotations.NullMarked;
