/**
 * Devices and task functions of the TornadoVM API.
 * A kernel is a static method passed as one of the functional interfaces here.
 */
@NullMarked
package uk.ac.manchester.tornado.api.common;

import org.jspecify.annotations.NullMarked;
