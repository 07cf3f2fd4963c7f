package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.device.DeviceColumns;
import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.RowCount;
import dev.waterspout.kernels.host.GateFunction;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The FFN on a device, for the layers that have one.
 *
 * @param inputs gate and up matrices; up alone if the FFN has no gate
 * @param function activation function
 * @param between outputs of the activation function, [rows][ffn]
 * @param width elements of a row of {@code between}
 * @param down down matrices
 * @param downBias biases, [layers][width]; null if there are none
 */
record FfnArrays(
        JointWeights inputs,
        GateFunction function,
        FloatArray between,
        int width,
        StackedWeights down,
        @Nullable FloatArray downBias) {
    /** Copies the weights to arrays. */
    static FfnArrays of(GateFunction function, Shard shard, List<ShardWeights.Layer> layers, DeviceArrays arrays) {
        int width = shard.ffn().size();
        return new FfnArrays(
                new JointWeights(JointWeights.FFN, layers, shard.experts(), 1, arrays),
                function,
                arrays.ofRows(width),
                width,
                arrays.stack("down", layers, TensorRole.FFN_DOWN),
                arrays.vectors(layers, TensorRole.FFN_DOWN_BIAS));
    }

    /** Returns the number of elements of working memory per token. */
    static long elementsOfRow(Shard shard, List<ShardWeights.Layer> layers) {
        return JointWeights.elementsOfRow(JointWeights.FFN, layers, 1)
                + shard.ffn().size();
    }

    /**
     * Adds the tasks of a layer.
     *
     * @param graph graph to add to
     * @param layer one of the graph's layers
     * @param h normalized hidden state, [rows][width]
     * @param partial receives the output, [rows][width]
     */
    void addTo(KernelGraph graph, int layer, FloatArray h, FloatArray partial) {
        for (JointWeights.Product product : inputs.of(layer)) {
            graph.linear(
                    product.task(), product.weights().of(layer), product.bias(), h, product.output(), RowCount.CHUNK);
        }
        List<DeviceColumns> made = inputs.outputs(layer);
        new ElementTasks(graph).gate("activation", function, made.getFirst(), made.getLast(), between, 1, width);
        graph.linear("down", down.of(layer), downBias, between, partial, RowCount.CHUNK);
    }

    /** Returns the stacked weights of all layers. */
    Stream<StackedWeights> stacks() {
        return Stream.concat(inputs.stacks(), Stream.of(down));
    }
}
