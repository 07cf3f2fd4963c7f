package dev.waterspout.engine.tokenizer;

/**
 * A part of a text that is encoded as a whole.
 *
 * @param text the characters
 * @param trusted whether special tokens written out in it become those tokens
 */
public record TextPiece(String text, boolean trusted) {}
