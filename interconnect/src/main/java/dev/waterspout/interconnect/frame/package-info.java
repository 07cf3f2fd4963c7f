/**
 * The frame that every message between ranks travels in. One class documents its layout, one validates it.
 */
@NullMarked
package dev.waterspout.interconnect.frame;

import org.jspecify.annotations.NullMarked;
