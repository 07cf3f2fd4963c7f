/** Helpers for this module's tests: small models of any architecture, and a naive computation of what they compute. */
@NullMarked
package dev.waterspout.engine.testing;

import org.jspecify.annotations.NullMarked;
