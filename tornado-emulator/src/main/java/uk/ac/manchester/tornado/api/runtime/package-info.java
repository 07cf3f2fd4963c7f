/**
 * Entry point to the runtime: its backends and devices. With the emulator there is one backend, whose devices the JVM
 * runs.
 */
@NullMarked
package uk.ac.manchester.tornado.api.runtime;

import org.jspecify.annotations.NullMarked;
