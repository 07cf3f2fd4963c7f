package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.device.DeviceRouting;
import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.device.ExpertTasks;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.RowCount;
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
    private final StackedWeights gate;
    private final StackedWeights up;
    private final StackedWeights down;
    private final @Nullable FloatArray gateBias;
    private final @Nullable FloatArray upBias;
    private final @Nullable FloatArray downBias;
    private final @Nullable Shared shared;

    /** Router logits, [rows][experts]. */
    private final FloatArray logits;
    /** Weights of the chosen experts, [rows][used]. */
    private final FloatArray weights;
    /** Gate projections, [rows][used][expert]. */
    private final FloatArray gated;
    /** Up projections, [rows][used][expert]. */
    private final FloatArray raised;
    /** Down projections, [rows][used][width]. */
    private final FloatArray lowered;

    /**
     * The shared expert, which every token is sent to.
     *
     * @param router matrix of one row; the sigmoid of its product with a token is the expert's weight; null for a
     *     weight of 1
     * @param gate gate matrices of all layers
     * @param up up matrices of all layers
     * @param down down matrices of all layers
     * @param logits router logits, [rows]
     * @param gated gate projection, [rows][shared expert]
     * @param raised up projection, [rows][shared expert]
     * @param lowered down projection, [rows][width]
     */
    private record Shared(
            @Nullable DeviceWeights router,
            StackedWeights gate,
            StackedWeights up,
            StackedWeights down,
            FloatArray logits,
            FloatArray gated,
            FloatArray raised,
            FloatArray lowered) {}

    /** * Copies the weights to arrays, and allocates the working memory.
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
        this.gate = arrays.each("gate experts", layers, TensorRole.FFN_GATE_EXPERTS);
        this.up = arrays.each("up experts", layers, TensorRole.FFN_UP_EXPERTS);
        this.down = arrays.each("down experts", layers, TensorRole.FFN_DOWN_EXPERTS);
        this.gateBias = arrays.rows(layers, TensorRole.FFN_GATE_EXPERTS_BIAS, own);
        this.upBias = arrays.rows(layers, TensorRole.FFN_UP_EXPERTS_BIAS, own);
        this.downBias = arrays.rows(layers, TensorRole.FFN_DOWN_EXPERTS_BIAS, own);
        this.shared = mixture.sharedWidth() > 0 ? shared(shard, layers, rows, arrays) : null;
        int expert = shard.expert().size();
        this.logits = arrays.floats(rows, mixture.count());
        this.weights = arrays.floats(rows, mixture.used());
        this.gated = arrays.floats(rows, mixture.used() * expert);
        this.raised = arrays.floats(rows, mixture.used() * expert);
        this.lowered = arrays.floats(rows, mixture.used() * width);
    }

    private Shared shared(Shard shard, List<ShardWeights.Layer> layers, int rows, DeviceArrays arrays) {
        FloatArray weighing = arrays.vectors(layers, TensorRole.FFN_ROUTER_SHARED);
        int columns = shard.sharedExpert().size();
        return new Shared(
                weighing == null ? null : new DeviceWeights(WeightFormat.F32, weighing, layers.size(), 1, width),
                arrays.stack("shared gate", layers, TensorRole.FFN_GATE_SHARED),
                arrays.stack("shared up", layers, TensorRole.FFN_UP_SHARED),
                arrays.stack("shared down", layers, TensorRole.FFN_DOWN_SHARED),
                arrays.floats(rows, 1),
                arrays.floats(rows, columns),
                arrays.floats(rows, columns),
                arrays.floats(rows, width));
    }

    /** Returns the number of elements of working memory per token. */
    static long elementsOfRow(ModelConfig config, Shard shard) {
        Experts mixture = config.experts();
        if (mixture == null) {
            return 0;
        }
        long ofExperts =
                mixture.count() + mixture.used() * (1 + 2L * shard.expert().size() + config.width());
        long ofShared =
                mixture.sharedWidth() == 0 ? 0 : 1 + 2L * shard.sharedExpert().size() + config.width();
        return ofExperts + ofShared;
    }

    /** Returns the stacked weights of all layers. */
    Stream<StackedWeights> stacks() {
        Stream<StackedWeights> ofExperts = Stream.of(router, gate, up, down);
        return shared == null ? ofExperts : Stream.concat(ofExperts, Stream.of(shared.gate, shared.up, shared.down));
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
        graph.linear("router", router.of(layer), routerBias, h, logits, RowCount.CHUNK);
        tasks.route("route", logits, choiceBias);
        tasks.linear("gate", gate.of(layer), gateBias, h, false, gated);
        tasks.linear("up", up.of(layer), upBias, h, false, raised);
        graph.gate(
                "swiglu",
                function,
                gated,
                raised,
                mixture.used() * gate.of(layer).rows() / own.size());
        tasks.linear("down", down.of(layer), downBias, gated, true, lowered);
        tasks.sum("sumExperts", lowered, partial, width);
        if (shared != null) {
            addShared(graph, tasks, shared, layer, h, partial);
        }
    }

    private void addShared(
            KernelGraph graph, ExpertTasks tasks, Shared expert, int layer, FloatArray h, FloatArray partial) {
        graph.linear("sharedGate", expert.gate.of(layer), null, h, expert.gated, RowCount.CHUNK);
        graph.linear("sharedUp", expert.up.of(layer), null, h, expert.raised, RowCount.CHUNK);
        graph.gate(
                "sharedSwiglu",
                function,
                expert.gated,
                expert.raised,
                expert.gate.of(layer).rows());
        graph.linear("sharedDown", expert.down.of(layer), null, expert.gated, expert.lowered, RowCount.CHUNK);
        DeviceWeights weighing = expert.router;
        if (weighing != null) {
            graph.linear("sharedRouter", weighing, null, h, expert.logits, RowCount.CHUNK);
        }
        tasks.addShared("addShared", weighing == null ? null : expert.logits, expert.lowered, partial, width);
    }
}
