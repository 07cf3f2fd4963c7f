/**
 * Tests of the frame: its bytes against an encoding written down independently, and every way to damage one. Every
 * refusal is one sentence that names both ranks.
 */
@NullMarked
package dev.waterspout.interconnect.frame;

import org.jspecify.annotations.NullMarked;
