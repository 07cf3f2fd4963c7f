/**
 * The logits of a token on rank 0: all of them, or the best candidates of every rank with their share of the total
 * probability.
 */
@NullMarked
package dev.waterspout.engine.logits;

import org.jspecify.annotations.NullMarked;
