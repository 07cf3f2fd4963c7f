/**
 * Helpers for this module's tests: small models of any architecture, and naive implementations of their computation.
 */
@NullMarked
package dev.waterspout.engine.testing;

import org.jspecify.annotations.NullMarked;
