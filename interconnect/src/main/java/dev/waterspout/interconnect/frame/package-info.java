/** The frame of every message between ranks. One class documents its layout, one validates it. */
@NullMarked
package dev.waterspout.interconnect.frame;

import org.jspecify.annotations.NullMarked;
