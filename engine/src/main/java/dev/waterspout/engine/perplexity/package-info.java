/**
 * How well a model predicts a text, and what a way of exchanging partials changes about that. A text is cut into windows;
 * one or several groups of ranks run each, and their logits are compared row by row.
 */
@NullMarked
package dev.waterspout.engine.perplexity;

import org.jspecify.annotations.NullMarked;
