/**
 * What the tests of transports and collectives share. Ranks run as threads here, whatever the transport between them.
 */
@NullMarked
package dev.waterspout.interconnect.testing;

import org.jspecify.annotations.NullMarked;
