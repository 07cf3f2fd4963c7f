/**
 * Tests of the tokenizers: one contract for both kinds, small vocabularies made for the purpose, and what llama.cpp
 * makes of the reference models' vocabularies. Algorithms are compared with their plain definitions.
 */
@NullMarked
package dev.waterspout.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
