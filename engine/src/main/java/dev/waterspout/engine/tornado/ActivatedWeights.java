package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.device.DeviceColumns;
import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.host.GateFunction;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The first half of an FFN: the products and the activation function of their outputs. One product applies the function
 * itself where it computes all operands; where a layer's gate and up have two tensor types, or a number of rows that is
 * no multiple of a panel's, a task of its own does.
 *
 * @param inputs gate and up matrices; up alone if the FFN has no gate
 * @param function activation function
 * @param between outputs of the activation function where it has a task, [rows][width]; null if no layer has one
 * @param width number of outputs of the function
 */
record ActivatedWeights(
        JointWeights inputs,
        GateFunction function,
        @Nullable FloatArray between,
        int width) {
    /**
     * Copies the weights to arrays.
     *
     * @param kinds gate and up
     * @param function activation function
     * @param experts experts of the rank
     * @param width number of outputs of the function
     * @param layers layers of the shard
     * @param arrays arrays that stay on the device
     */
    static ActivatedWeights of(
            List<JointWeights.Kind> kinds,
            GateFunction function,
            Span experts,
            int width,
            List<ShardWeights.Layer> layers,
            DeviceArrays arrays) {
        return new ActivatedWeights(
                new JointWeights(kinds, layers, experts, 1, function, arrays),
                function,
                JointWeights.activate(kinds, layers, function) ? null : arrays.ofRows(width),
                width);
    }

    /** Returns the number of elements of working memory per token. */
    static long elementsOfRow(
            List<JointWeights.Kind> kinds, GateFunction function, int width, List<ShardWeights.Layer> layers) {
        return JointWeights.elementsOfRow(kinds, layers, 1, function)
                + (JointWeights.activate(kinds, layers, function) ? 0 : width);
    }

    /**
     * Adds the tasks of a layer.
     *
     * @param graph graph to add to
     * @param task name of the function's task
     * @param layer one of the graph's layers
     * @param h normalized hidden state, [rows][width of the model]
     * @return outputs of the function, [rows][width]
     */
    FloatArray addTo(KernelGraph graph, String task, int layer, FloatArray h) {
        inputs.addTo(graph, layer, h);
        JointWeights.Product last = inputs.of(layer).getLast();
        if (between == null || last.function() != null) {
            return last.output();
        }
        List<DeviceColumns> made = inputs.outputs(layer);
        new ElementTasks(graph).gate(task, function, made.getFirst(), made.getLast(), between, 1, width);
        return between;
    }

    /** Returns the stacked weights of all layers. */
    Stream<StackedWeights> stacks() {
        return inputs.stacks();
    }
}
