/**
 * Text to tokens and back, from the vocabulary that a GGUF file carries. SentencePiece vocabularies merge by score and
 * byte-level BPE vocabularies by rank; both find special tokens first and print whole UTF-8 characters.
 */
@NullMarked
package dev.waterspout.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
