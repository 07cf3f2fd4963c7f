/** Helpers for tests of transports and collectives. Ranks run as threads, with any transport between them. */
@NullMarked
package dev.waterspout.interconnect.testing;

import org.jspecify.annotations.NullMarked;
