/**
 * Task graphs, execution plans and kernels of the TornadoVM API, as far as Waterspout uses them, run by the emulator.
 * Signatures equal those of TornadoVM 5.2.0-jdk25; under the real runtime its own module takes the place of this
 * package.
 */
@NullMarked
package uk.ac.manchester.tornado.api;

import org.jspecify.annotations.NullMarked;
