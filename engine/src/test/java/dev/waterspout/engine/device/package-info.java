/** Tests of the list of devices. */
@NullMarked
package dev.waterspout.engine.device;

import org.jspecify.annotations.NullMarked;
