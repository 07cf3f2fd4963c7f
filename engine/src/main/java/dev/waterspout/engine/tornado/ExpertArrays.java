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

    private final StackedWeights down;
    private final @Nullable FloatArray downBias;
    private final @Nullable Shared shared;

    /** Router logits, [rows][experts]. */
    private final FloatArray logits;
    /** Weights of the chosen experts, [rows][used]. */
    private final FloatArray weights;
    /** Outputs of the activation function, [rows][used][expert]. */
    private final FloatArray between;
    /** Down projections, [rows][used][width]. */
    private final FloatArray lowered;

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
        this.inputs = new JointWeights(JointWeights.EXPERTS, layers, own, mixture.used(), null, arrays);
        this.down = arrays.each("down experts", layers, TensorRole.FFN_DOWN_EXPERTS);
        this.downBias = arrays.rows(layers, TensorRole.FFN_DOWN_EXPERTS_BIAS, own);
        this.shared = mixture.sharedWidth() > 0 ? shared(shard, layers, rows, arrays) : null;
        this.logits = arrays.floats(rows, mixture.count());
        this.weights = arrays.floats(rows, mixture.used());
        this.between = arrays.floats(rows, mixture.used() * shard.expert().size());
        this.lowered = arrays.floats(rows, mixture.used() * width);
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
        long ofExperts = mixture.count()
                + mixture.used() * (1 + (long) shard.expert().size() + config.width())
                + JointWeights.elementsOfRow(JointWeights.EXPERTS, layers, mixture.used(), null);
        long ofShared = mixture.sharedWidth() == 0
                ? 0
                : 1
                        + config.width()
                        + ActivatedWeights.elementsOfRow(
                                JointWeights.SHARED_EXPERT,
                                config.architecture().gate(),
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
        for (JointWeights.Product product : inputs.of(layer)) {
            tasks.linear(product.task(), product.weights().of(layer), product.bias(), h, false, product.output());
        }
        List<DeviceColumns> made = inputs.outputs(layer);
        int expert = down.of(layer).columns();
        new ElementTasks(graph)
                .gate("activation", function, made.getFirst(), made.getLast(), between, mixture.used(), expert);
        tasks.linear("down", down.of(layer), downBias, between, true, lowered);
        tasks.sum("sumExperts", lowered, partial, width);
        if (shared != null) {
            addShared(graph, tasks, shared, layer, h, partial);
        }
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
