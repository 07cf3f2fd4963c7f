/**
 * The exchange of data between ranks. This package has the exception of the module; frames, transports and collectives
 * have a package each.
 */
@NullMarked
package dev.waterspout.interconnect;

import org.jspecify.annotations.NullMarked;
