/**
 * The devices that ranks run on, as a user names and lists them.
 */
@NullMarked
package dev.waterspout.engine.device;

import org.jspecify.annotations.NullMarked;
