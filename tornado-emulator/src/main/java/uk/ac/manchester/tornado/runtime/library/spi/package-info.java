/**
 * The interfaces of a provider of a native library, and the arguments of its calls. The real runtime finds providers
 * with {@link java.util.ServiceLoader}; the emulator calls none.
 */
@NullMarked
package uk.ac.manchester.tornado.runtime.library.spi;

import org.jspecify.annotations.NullMarked;
