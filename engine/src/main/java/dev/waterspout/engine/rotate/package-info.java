/**
 * The same model in another basis of its residual stream. What ranks exchange are vectors of that stream: the basis decides
 * how their energy is spread over channels, and so how well they are quantized, at no cost when the model runs.
 */
@NullMarked
package dev.waterspout.engine.rotate;

import org.jspecify.annotations.NullMarked;
