/**
 * Fuzz tests (Jazzer). {@code mvn verify} runs each on the inputs kept in this package's resources; the profile
 * {@code fuzz} searches for new inputs, 10 minutes per class.
 */
@NullMarked
package dev.waterspout.engine.fuzz;

import org.jspecify.annotations.NullMarked;
