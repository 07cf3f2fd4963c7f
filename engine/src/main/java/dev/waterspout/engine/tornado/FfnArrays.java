package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.TensorRole;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The weights of the FFN of the layers that have one on a device.
 *
 * @param gate null where the function between the projections has one operand
 * @param up of the layers that have an FFN, as the others
 * @param down likewise
 * @param gateBias [layers][ffn], or null
 * @param upBias [layers][ffn], or null
 * @param downBias [layers][width], or null
 */
record FfnArrays(
        @Nullable StackedWeights gate,
        StackedWeights up,
        StackedWeights down,
        @Nullable FloatArray gateBias,
        @Nullable FloatArray upBias,
        @Nullable FloatArray downBias) {
    /** Copies the weights. */
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

    /** Returns the weights of all these layers. */
    Stream<StackedWeights> stacks() {
        return gate == null ? Stream.of(up, down) : Stream.of(gate, up, down);
    }
}
