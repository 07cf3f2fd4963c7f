/**
 * The part of the TornadoVM runtime's device types that providers of native libraries see. The real ones come with an
 * SDK, and then take precedence over these.
 */
@NullMarked
package uk.ac.manchester.tornado.runtime.common;

import org.jspecify.annotations.NullMarked;
