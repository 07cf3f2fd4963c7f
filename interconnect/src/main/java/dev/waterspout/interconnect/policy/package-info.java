/**
 * The choice of collective and wire format by the size of an exchange. The user fixes a schedule, or the policy
 * decides it from measurements of links and codecs.
 */
@org.jspecify.annotations.NullMarked
package dev.waterspout.interconnect.policy;
