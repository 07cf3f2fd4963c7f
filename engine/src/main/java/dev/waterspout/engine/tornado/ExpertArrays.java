package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.device.DeviceColumns;
import dev.waterspout.kernels.device.DeviceRouting;
import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.ExpertTasks;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A mixture of experts on a device, which some layers have in place of the FFN: its weights, its working memory, and
 * the tasks of the half layer. In shapes, {@code rows} is the number of tokens in the largest chunk, {@code used} the
 * number of experts per token, {@code expert} the rank's columns of one expert.
 */
final class ExpertArrays {
    private final Experts mixture;
    /** The experts that the rank holds, whole or in part. */
    private final Span own;

    private final int width;
    private final GateFunction function;
    private final DeviceRouting.Rule rule;

    private final StackedWeights router;
    private final @Nullable FloatArray routerBias;
    private final @Nullable FloatArray choiceBias;
    /** What makes the operands of the function between the projections; outputs are [rows][used][of a run]. */
    private final JointWeights inputs;
    /** Whether the products of {@link #inputs} apply the function. */
    private final boolean activates;

    private final StackedWeights down;
    private final @Nullable FloatArray downBias;
    private final @Nullable Shared shared;

    /** Router logits, [rows][experts]. */
    private final FloatArray logits;
    /** Weights of the chosen experts, [rows][used]. */
    private final FloatArray weights;
    /** Outputs of the activation function where it has a task, [rows][used][expert]; null if products apply it. */
    private final @Nullable FloatArray between;
    /** Down projections where their sum has a task, [rows][used][width]; null if products sum them. */
    private final @Nullable FloatArray lowered;

    /**
     * The shared expert, which every token is sent to.
     *
     * @param router matrix of one row; the sigmoid of its product with a token is the expert's weight; null for a
     *     weight of 1
     * @param inputs gate and up matrices of all layers with the activation function
     * @param down down matrices of all layers
     * @param logits router logits, [rows]
     * @param lowered down projection, [rows][width]
     */
    private record Shared(
            @Nullable DeviceWeights router,
            ActivatedWeights inputs,
            StackedWeights down,
            FloatArray logits,
            FloatArray lowered) {}

    /**
     * Copies the weights to arrays, and allocates the working memory.
     *
     * @param config configuration of a model with experts
     * @param mixture experts of the model
     * @param shard shard of the rank
     * @param layers weights of the shard's layers
     * @param rows number of tokens in the largest chunk
     * @param arrays arrays that stay on the device, to which these are added
     */
    ExpertArrays(
            ModelConfig config,
            Experts mixture,
            Shard shard,
            List<ShardWeights.Layer> layers,
            int rows,
            DeviceArrays arrays) {
        this.mixture = mixture;
        this.own = shard.experts();
        this.width = config.width();
        this.function = config.architecture().gate();
        this.rule = new DeviceRouting.Rule(
                mixture.used(),
                switch (mixture.gating()) {
                    case SOFTMAX -> DeviceRouting.Gating.SOFTMAX;
                    case SIGMOID -> DeviceRouting.Gating.SIGMOID;
                    case SOFTMAX_OF_CHOSEN -> DeviceRouting.Gating.SOFTMAX_OF_CHOSEN;
                },
                // A softmax over the chosen experts has the sum 1 already.
                mixture.normalized() && mixture.gating() != Experts.Gating.SOFTMAX_OF_CHOSEN,
                mixture.scale(),
                mixture.groups(),
                mixture.usedGroups());
        this.router = arrays.stack("router", layers, TensorRole.FFN_ROUTER);
        this.routerBias = arrays.vectors(layers, TensorRole.FFN_ROUTER_BIAS);
        this.choiceBias = arrays.vectors(layers, TensorRole.FFN_CHOICE_BIAS);
        this.activates = activates(function, layers);
        this.inputs = new JointWeights(
                JointWeights.EXPERTS, layers, own, mixture.used(), activates ? function : null, arrays);
        this.down = arrays.each("down experts", layers, TensorRole.FFN_DOWN_EXPERTS);
        this.downBias = arrays.rows(layers, TensorRole.FFN_DOWN_EXPERTS_BIAS, own);
        this.shared = mixture.sharedWidth() > 0 ? shared(shard, layers, rows, arrays) : null;
        this.logits = arrays.floats(rows, mixture.count());
        this.weights = arrays.floats(rows, mixture.used());
        this.between = activates
                ? null
                : arrays.floats(rows, mixture.used() * shard.expert().size());
        this.lowered = downInPanels(layers) ? null : arrays.floats(rows, mixture.used() * width);
    }

    /**
     * Returns whether one product computes gate and up of each layer's experts in panels, and can apply the function.
     */
    private static boolean activates(GateFunction function, List<ShardWeights.Layer> layers) {
        return JointWeights.inPanels(JointWeights.EXPERTS, layers)
                && JointWeights.activate(JointWeights.EXPERTS, layers, function);
    }

    private static boolean downInPanels(List<ShardWeights.Layer> layers) {
        return layers.stream()
                .flatMap(layer -> layer.stacks().getOrDefault(TensorRole.FFN_DOWN_EXPERTS, List.of()).stream())
                .allMatch(StackedWeights::inPanels);
    }

    private Shared shared(Shard shard, List<ShardWeights.Layer> layers, int rows, DeviceArrays arrays) {
        FloatArray weighing = arrays.vectors(layers, TensorRole.FFN_ROUTER_SHARED);
        int columns = shard.sharedExpert().size();
        return new Shared(
                weighing == null ? null : new DeviceWeights(WeightFormat.F32, weighing, layers.size(), 1, width),
                ActivatedWeights.of(JointWeights.SHARED_EXPERT, function, own, columns, layers, arrays),
                arrays.stack("shared down", layers, TensorRole.FFN_DOWN_SHARED),
                arrays.floats(rows, 1),
                arrays.floats(rows, width));
    }

    /** Returns the number of elements of working memory per token. */
    static long elementsOfRow(ModelConfig config, Shard shard, List<ShardWeights.Layer> layers) {
        Experts mixture = config.experts();
        if (mixture == null) {
            return 0;
        }
        GateFunction function = config.architecture().gate();
        boolean activates = activates(function, layers);
        long ofSlot = 1L + (activates ? 0 : shard.expert().size()) + (downInPanels(layers) ? 0 : config.width());
        long ofExperts = mixture.count()
                + mixture.used() * ofSlot
                + JointWeights.elementsOfRow(JointWeights.EXPERTS, layers, mixture.used(), activates ? function : null);
        long ofShared = mixture.sharedWidth() == 0
                ? 0
                : 1
                        + config.width()
                        + ActivatedWeights.elementsOfRow(
                                JointWeights.SHARED_EXPERT,
                                function,
                                shard.sharedExpert().size(),
                                layers);
        return ofExperts + ofShared;
    }

    /** Returns the stacked weights of all layers. */
    Stream<StackedWeights> stacks() {
        Stream<StackedWeights> ofExperts = Stream.concat(inputs.stacks(), Stream.of(router, down));
        return shared == null
                ? ofExperts
                : Stream.of(ofExperts, shared.inputs.stacks(), Stream.of(shared.down))
                        .flatMap(each -> each);
    }

    /** Returns a new array for the chosen experts of a phase's tokens. */
    IntArray chosen(int rows) {
        return DeviceRouting.chosen(rows, rule);
    }

    /**
     * Adds the tasks of the half layer. The partial becomes the weighted sum of the chosen experts' outputs, computed
     * from the rank's part of their columns.
     *
     * @param graph graph to add to
     * @param layer one of the graph's layers
     * @param chosen the phase's array of chosen experts
     * @param h input, [rows][width]
     * @param partial output, [rows][width]
     */
    void addTo(KernelGraph graph, int layer, IntArray chosen, FloatArray h, FloatArray partial) {
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, chosen);
        ExpertTasks tasks = new ExpertTasks(
                graph, new DeviceRouting(mixture.count(), own.from(), own.size(), rule, chosen, weights));
        graph.linear("router", router.of(layer), routerBias, h, logits);
        tasks.route("route", logits, choiceBias);
        FloatArray activated = addInputs(graph, tasks, layer, h);
        tasks.summedLinear("down", down.of(layer), downBias, activated, lowered, partial);
        if (shared != null) {
            addShared(graph, tasks, shared, layer, h, partial);
        }
    }

    /** Adds the products with gate and up, and the function. {@return its outputs, [rows][used][expert]} */
    private FloatArray addInputs(KernelGraph graph, ExpertTasks tasks, int layer, FloatArray h) {
        List<JointWeights.Product> products = inputs.of(layer);
        if (activates) {
            JointWeights.Product product = products.getFirst();
            DeviceWeights weights = product.weights().of(layer);
            tasks.gatedLinear(product.task(), weights, product.bias(), function, h, product.output());
            return product.output();
        }
        for (JointWeights.Product product : products) {
            tasks.linear(product.task(), product.weights().of(layer), product.bias(), h, false, product.output());
        }
        List<DeviceColumns> made = inputs.outputs(layer);
        FloatArray outputs = Objects.requireNonNull(between);
        int expert = down.of(layer).columns();
        new ElementTasks(graph)
                .gate("activation", function, made.getFirst(), made.getLast(), outputs, mixture.used(), expert);
        return outputs;
    }

    private void addShared(
            KernelGraph graph, ExpertTasks tasks, Shared expert, int layer, FloatArray h, FloatArray partial) {
        FloatArray activated = expert.inputs.addTo(graph, "sharedActivation", layer, h);
        graph.linear("sharedDown", expert.down.of(layer), null, activated, expert.lowered);
        DeviceWeights weighing = expert.router;
        if (weighing != null) {
            graph.linear("sharedRouter", weighing, null, h, expert.logits);
        }
        tasks.addShared("addShared", weighing == null ? null : expert.logits, expert.lowered, partial, width);
    }
}
