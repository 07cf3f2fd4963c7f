package dev.waterspout.engine.forward;

/**
 * Size of the exchange for which a codec is measured.
 *
 * @param maxRows largest number of tokens
 * @param columns elements of a row, the model's width
 * @param ranks number of ranks whose partials are summed
 */
public record CodecSize(int maxRows, int columns, int ranks) {}
