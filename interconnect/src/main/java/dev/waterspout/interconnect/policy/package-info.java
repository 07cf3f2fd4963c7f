/**
 * The choice of collective and wire format for an exchange of some size. A schedule is fixed by the user, or decided
 * from what was measured of the links and codecs.
 */
@org.jspecify.annotations.NullMarked
package dev.waterspout.interconnect.policy;
