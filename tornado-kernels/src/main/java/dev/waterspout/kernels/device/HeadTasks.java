package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds products with a matrix of every head to a graph.
 *
 * @param graph graph that the tasks are added to
 * @param heads number of heads of a token
 * @param numbers {@link #numbers(int, int)}, to be transferred once
 */
public record HeadTasks(KernelGraph graph, int heads, IntArray numbers) {
    /**
     * {@return the numbers of the heads of every token}
     *
     * @param rows tokens of the largest chunk
     * @param heads number of heads of a token
     */
    public static IntArray numbers(int rows, int heads) {
        IntArray numbers = new IntArray(DeviceRouting.elements(rows, heads));
        numbers.set(0, heads);
        for (int i = 0; i < rows * heads; i++) {
            numbers.set(1 + i, i % heads);
        }
        return numbers;
    }

    /**
     * Multiplies: {@code y[token][head] = w[head] x[token][head]}.
     *
     * @param task name
     * @param w [layers][heads x rows][columns]
     * @param x [rows][heads][columns]
     * @param y [rows][heads][rows of a head]
     */
    public void linear(String task, DeviceWeights w, FloatArray x, FloatArray y) {
        if (w.rows() % heads != 0) {
            throw new IllegalArgumentException(
                    "weights of " + w.rows() + " rows for " + heads + " heads: they must divide the rows");
        }
        ArrayChecks.requireSize("numbers", numbers, DeviceRouting.elements(graph.maxRows, heads));
        new ChosenProduct(numbers, heads, w, w.rows() / heads, null).add(graph, task, x, true, y);
    }
}
