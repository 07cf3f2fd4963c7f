package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Some columns of the vectors of each token.
 *
 * @param array [rows][vectors][width]
 * @param width elements of a vector
 * @param from the first of the columns
 */
public record DeviceColumns(FloatArray array, int width, int from) {
    void requireRoom(String name, int rows, int vectors, int columns) {
        if (from < 0 || columns < 1 || columns > width - from) {
            throw new IllegalArgumentException(
                    "columns " + from + " to " + (from + columns - 1) + " of " + name + ": a vector has " + width);
        }
        ArrayChecks.requireSize(name, array, (long) rows * vectors * width);
    }
}
