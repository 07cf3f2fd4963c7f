/**
 * What rank 0 learns of the logits of a token: all of them, or the best candidates of every rank with what they weigh
 * against the others.
 */
@NullMarked
package dev.waterspout.engine.logits;

import org.jspecify.annotations.NullMarked;
