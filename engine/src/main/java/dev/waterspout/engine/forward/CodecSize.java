package dev.waterspout.engine.forward;

/**
 * For what exchange a codec is measured.
 *
 * @param maxRows most tokens
 * @param columns elements of a row, the model's width
 * @param ranks number of ranks whose partials are summed
 */
public record CodecSize(int maxRows, int columns, int ranks) {}
