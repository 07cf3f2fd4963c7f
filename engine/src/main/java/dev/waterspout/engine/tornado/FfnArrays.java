package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.host.GateFunction;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The FFN on a device, for the layers that have one.
 *
 * @param inputs gate and up matrices with the activation function
 * @param down down matrices
 * @param downBias biases, [layers][width]; null if there are none
 */
record FfnArrays(
        ActivatedWeights inputs,
        StackedWeights down,
        @Nullable FloatArray downBias) {
    /** Copies the weights to arrays. */
    static FfnArrays of(GateFunction function, Shard shard, List<ShardWeights.Layer> layers, DeviceArrays arrays) {
        int width = shard.ffn().size();
        return new FfnArrays(
                ActivatedWeights.of(JointWeights.FFN, function, shard.experts(), width, layers, arrays),
                arrays.stack("down", layers, TensorRole.FFN_DOWN),
                arrays.vectors(layers, TensorRole.FFN_DOWN_BIAS));
    }

    /** Returns the number of elements of working memory per token. */
    static long elementsOfRow(GateFunction function, Shard shard, List<ShardWeights.Layer> layers) {
        return ActivatedWeights.elementsOfRow(
                JointWeights.FFN, function, shard.ffn().size(), layers);
    }

    /**
     * Adds the tasks of a layer.
     *
     * @param graph graph to add to
     * @param layer one of the graph's layers
     * @param h normalized hidden state, [rows][width]
     * @param end end of the half layer
     */
    void addTo(KernelGraph graph, int layer, FloatArray h, PartialEnd end) {
        FloatArray activated = inputs.addTo(graph, "activation", layer, h);
        end.project(graph, "down", down.of(layer), downBias, activated);
    }

    /** Returns the stacked weights of all layers. */
    Stream<StackedWeights> stacks() {
        return Stream.concat(inputs.stacks(), Stream.of(down));
    }
}
