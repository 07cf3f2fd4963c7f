/**
 * Tests of the transports: one contract that each of them must pass. A wait that a test expects to end by itself, and
 * not by the transport's deadline, has a deadline that no test run reaches.
 */
@NullMarked
package dev.waterspout.interconnect.transport;

import org.jspecify.annotations.NullMarked;
