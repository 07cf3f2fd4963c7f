/**
 * Who sends what to whom. This package holds the one exception of the module; frames, transports and collectives have a
 * package each.
 */
@NullMarked
package dev.waterspout.interconnect;

import org.jspecify.annotations.NullMarked;
