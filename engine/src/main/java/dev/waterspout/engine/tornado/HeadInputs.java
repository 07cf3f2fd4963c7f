package dev.waterspout.engine.tornado;

import dev.waterspout.kernels.device.HeadColumns;
import dev.waterspout.kernels.device.KernelGraph;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The tasks before and after attention: the computation of queries, keys and values, and the expansion of attention's
 * output.
 */
sealed interface HeadInputs permits QkvArrays, LatentArrays {
    /**
     * Adds the tasks that compute queries, keys and values of a hidden state, before the rotary embedding.
     *
     * @param graph graph to add to
     * @param layer one of the graph's layers
     * @param h hidden state, [rows][width]
     * @return queries, keys and values
     */
    HeadColumns addTo(KernelGraph graph, int layer, FloatArray h);

    /**
     * Adds the tasks between attention and the output projection.
     *
     * @param graph graph to add to
     * @param layer one of the graph's layers
     * @return the input of the output projection, [rows][heads][elements of a value]
     */
    FloatArray addExpansion(KernelGraph graph, int layer);

    /** Returns the stacked weights of all layers. */
    Stream<StackedWeights> stacks();
}
