package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.TensorRole;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The weights of the FFN on a device, for the layers that have one.
 *
 * @param gate gate matrices; null if the FFN has no gate
 * @param up up matrices
 * @param down down matrices
 * @param gateBias biases, [layers][ffn]; null if there are none
 * @param upBias biases, [layers][ffn]; null if there are none
 * @param downBias biases, [layers][width]; null if there are none
 */
record FfnArrays(
        @Nullable StackedWeights gate,
        StackedWeights up,
        StackedWeights down,
        @Nullable FloatArray gateBias,
        @Nullable FloatArray upBias,
        @Nullable FloatArray downBias) {
    /** Copies the weights to arrays. */
    static FfnArrays of(List<ShardWeights.Layer> layers, DeviceArrays arrays) {
        return new FfnArrays(
                layers.stream().anyMatch(layer -> layer.has(TensorRole.FFN_GATE))
                        ? arrays.stack("gate", layers, TensorRole.FFN_GATE)
                        : null,
                arrays.stack("up", layers, TensorRole.FFN_UP),
                arrays.stack("down", layers, TensorRole.FFN_DOWN),
                arrays.vectors(layers, TensorRole.FFN_GATE_BIAS),
                arrays.vectors(layers, TensorRole.FFN_UP_BIAS),
                arrays.vectors(layers, TensorRole.FFN_DOWN_BIAS));
    }

    /** Returns the stacked weights of all layers. */
    Stream<StackedWeights> stacks() {
        return gate == null ? Stream.of(up, down) : Stream.of(gate, up, down);
    }
}
