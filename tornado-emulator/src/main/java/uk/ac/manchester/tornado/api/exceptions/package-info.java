/**
 * Exceptions that the TornadoVM API throws.
 * The emulator throws the same ones in the same situations.
 */
@NullMarked
package uk.ac.manchester.tornado.api.exceptions;

import org.jspecify.annotations.NullMarked;
