/**
 * Capturing partials: the inputs of the exchanges of a model on real text, taken from the forward pass. Wire formats
 * and bases of the residual stream are chosen from them.
 */
@NullMarked
package dev.waterspout.engine.lab.capture;

import org.jspecify.annotations.NullMarked;
