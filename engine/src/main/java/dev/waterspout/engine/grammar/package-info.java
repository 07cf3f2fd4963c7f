/**
 * Constrained generation: grammars, JSON schemas compiled to grammars, and the sets of tokens that may follow a text.
 * Independent of models and threads.
 */
@NullMarked
package dev.waterspout.engine.grammar;

import org.jspecify.annotations.NullMarked;
