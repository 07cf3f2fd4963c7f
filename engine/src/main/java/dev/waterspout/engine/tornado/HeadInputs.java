package dev.waterspout.engine.tornado;

import dev.waterspout.kernels.device.KernelGraph;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** What makes queries, keys and values of a hidden state, and what becomes of what attention returns. */
sealed interface HeadInputs permits QkvArrays, LatentArrays {
    /**
     * Adds the tasks that make queries, keys and values, which nothing has turned yet.
     *
     * @param graph that runs the layer
     * @param layer one of those that the graph is for
     * @param h [rows][width]
     */
    void addTo(KernelGraph graph, int layer, FloatArray h);

    /**
     * Adds the tasks between attention and its output.
     *
     * @param graph that runs the layer
     * @param layer one of those that the graph is for
     * @return what the output reads, [rows][heads][elements of a value]
     */
    FloatArray addExpansion(KernelGraph graph, int layer);

    /** Returns the weights of all layers. */
    Stream<StackedWeights> stacks();
}
