/**
 * What a model's layers hand to the exchange on real text: the partials themselves, taken from the forward pass on their way
 * out. The choice of a wire format and of a basis for the residual stream is made from them.
 */
@NullMarked
package dev.waterspout.engine.capture;

import org.jspecify.annotations.NullMarked;
