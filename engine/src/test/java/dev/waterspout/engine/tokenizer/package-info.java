/**
 * Tests of the tokenizers: one contract for both kinds, small vocabularies made for the tests, and the tokens of
 * llama.cpp for the vocabularies of the reference models. Algorithms are compared with direct implementations of their
 * definitions.
 */
@NullMarked
package dev.waterspout.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
