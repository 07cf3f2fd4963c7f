/**
 * Perplexity of a model on a text, and the effect of a communication schedule on it. A text is cut into windows; one
 * or several groups of ranks run each window, and their logits are compared row by row.
 */
@NullMarked
package dev.waterspout.engine.perplexity;

import org.jspecify.annotations.NullMarked;
