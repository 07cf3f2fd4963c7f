package dev.waterspout.engine.api;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The wire formats of one model's exchanges.
 *
 * @param model name of the model's file, as readable text
 * @param width elements of a partial's row
 * @param layers number of layers
 * @param format format of every exchange that is not among the others
 * @param exchanges formats of other exchanges, by number: twice the layer, plus 1 for its feed-forward half
 * @param measured measured increase of perplexity, in percent, with each format used for all exchanges
 */
public record FormatMap(
        String model,
        int width,
        int layers,
        WireFormat format,
        SortedMap<Integer, WireFormat> exchanges,
        Map<WireFormat, Double> measured) {
    /** Copies the maps. */
    public FormatMap {
        exchanges = Collections.unmodifiableSortedMap(new TreeMap<>(exchanges));
        measured = Collections.unmodifiableMap(new LinkedHashMap<>(measured));
    }

    /**
     * Checks that a model has the shape that the map was made for.
     *
     * @param columns the width of the model that is to run
     */
    public void requireWidth(int columns) {
        if (columns != width) {
            throw new IllegalArgumentException("the format map is for " + model + ", whose width is " + width
                    + "; this model's width is " + columns);
        }
    }
}
