/**
 * Constants of the TornadoVM API.
 * Names and values equal those of TornadoVM 5.2.0-jdk25.
 */
@NullMarked
package uk.ac.manchester.tornado.api.enums;

import org.jspecify.annotations.NullMarked;
