/** The devices that ranks can run on, and their names on the command line. */
@NullMarked
package dev.waterspout.engine.device;

import org.jspecify.annotations.NullMarked;
