/**
 * Rewrites a model in another basis of its residual stream. Ranks exchange vectors of that stream. The basis
 * determines how their energy is spread over channels, and so the error of quantization, at no cost at run time.
 */
@NullMarked
package dev.waterspout.engine.lab.rotate;

import org.jspecify.annotations.NullMarked;
