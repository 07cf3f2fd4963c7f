package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.ExpertKernels;
import dev.waterspout.kernels.host.GateFunction;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Adds the tasks of a mixture of experts to a graph: {@link #route} first, then products and their weighted sum.
 *
 * @param graph graph that the tasks are added to
 * @param routing output of {@link #route}, which the other tasks read
 */
public record ExpertTasks(KernelGraph graph, DeviceRouting routing) {
    private static final int ELEMENTS = KernelCandidates.ELEMENTS;

    /** Checks that there is room for the largest chunk. */
    public ExpertTasks {
        int used = routing.rule().used();
        ArrayChecks.requireSize("chosen", routing.chosen(), DeviceRouting.elements(graph.maxRows, used));
        ArrayChecks.requireSize("weights", routing.weights(), (long) graph.maxRows * used);
    }

    private int used() {
        return routing.rule().used();
    }

    /**
     * Chooses the experts of every token.
     *
     * @param task name
     * @param logits logits of the router, [rows][experts], which are overwritten
     * @param bias added while experts are chosen, [layers of the model][experts], or null
     */
    public void route(String task, FloatArray logits, @Nullable FloatArray bias) {
        ArrayChecks.requireSize("logits", logits, (long) graph.maxRows * routing.experts());
        graph.graph.task(
                task,
                ExpertKernels::routeTokens,
                graph.context,
                graph.step,
                logits,
                bias == null ? graph.powers : bias,
                routing.chosen(),
                routing.weights(),
                routing.experts(),
                routing.rule().groups(),
                routing.rule().usedGroups(),
                routing.rule().gating().number(),
                routing.rule().normalized() ? 1 : 0,
                routing.rule().scale(),
                bias == null ? 0 : routing.experts(),
                routing.first(),
                routing.own());
        graph.launches.add(task, 1, 1, 1, RowCount.CHUNK);
    }

    /**
     * Multiplies each token with its experts: {@code y[token][slot] = w[expert] x + bias[expert]}. For experts of other
     * ranks {@code y} is not changed.
     *
     * @param task name
     * @param w [layers][own experts x rows][columns]
     * @param bias [layers of the model][own experts][rows], or null
     * @param x [rows][columns], or [rows][used][columns] where {@code perSlot}
     * @param perSlot whether every expert of a token has an input of its own
     * @param y [rows][used][rows of an expert]
     */
    public void linear(
            String task, DeviceWeights w, @Nullable FloatArray bias, FloatArray x, boolean perSlot, FloatArray y) {
        product(w, bias).add(graph, task, x, perSlot, y);
    }

    private ChosenProduct product(DeviceWeights w, @Nullable FloatArray bias) {
        if (w.rows() % routing.own() != 0) {
            throw new IllegalArgumentException(
                    "weights of " + w.rows() + " rows for " + routing.own() + " experts: they must divide the rows");
        }
        return new ChosenProduct(routing.chosen(), used(), w, w.rows() / routing.own(), bias);
    }

    /**
     * Multiplies each token with its experts and applies an activation function: the first half of an expert's rows is
     * the gate. For experts of other ranks {@code y} is not changed.
     *
     * @param task name
     * @param w [layers][own experts x rows][columns], in panels, with which each half begins
     * @param bias [layers of the model][own experts][rows], or null
     * @param function function of two elements
     * @param x [rows][columns]
     * @param y [rows][used][half the rows of an expert]
     */
    public void gatedLinear(
            String task,
            DeviceWeights w,
            @Nullable FloatArray bias,
            GateFunction function,
            FloatArray x,
            FloatArray y) {
        product(w, bias).addGated(graph, task, function, x, y);
    }

    /**
     * Multiplies the input of each expert of a token and sums by weight: what {@link #linear} with an input per expert
     * and {@link #sum} compute. Weights in panels take one task; others take two, the second with the suffix
     * {@code Sum}.
     *
     * @param task name
     * @param w [layers][own experts x width][columns]
     * @param bias [layers of the model][own experts][width], or null
     * @param x [rows][used][columns]
     * @param between [rows][used][width], working memory for weights that are not in panels; null if all are
     * @param partial [rows][width], overwritten
     */
    public void summedLinear(
            String task,
            DeviceWeights w,
            @Nullable FloatArray bias,
            FloatArray x,
            @Nullable FloatArray between,
            FloatArray partial) {
        ChosenProduct product = product(w, bias);
        if (w.isInPanels()) {
            product.addSummed(graph, task, routing.weights(), x, partial);
        } else {
            FloatArray outputs = Objects.requireNonNull(between, "working memory of weights that are not in panels");
            product.add(graph, task, x, true, outputs);
            sum(task + "Sum", outputs, partial, product.rows());
        }
    }

    /**
     * Sums by weight: {@code partial[token] = sum over slots of weight x y}.
     *
     * @param task name
     * @param y [rows][used][width]
     * @param partial [rows][width], overwritten
     * @param width elements of a row
     */
    public void sum(String task, FloatArray y, FloatArray partial, int width) {
        ArrayChecks.requireSize("y", y, (long) graph.maxRows * used() * width);
        ArrayChecks.requireSize("partial", partial, (long) graph.maxRows * width);
        graph.graph.task(
                task,
                ExpertKernels::sumChosen,
                graph.context,
                graph.step,
                routing.chosen(),
                routing.weights(),
                y,
                partial,
                width);
        graph.launches.add(task, width, ELEMENTS, 1, RowCount.CHUNK);
    }

    /**
     * Adds the output of the shared expert.
     *
     * @param task name
     * @param logits [rows], whose sigmoid is the weight, or null for a weight of 1
     * @param y [rows][width]
     * @param partial [rows][width], added to
     * @param width elements of a row
     */
    public void addShared(String task, @Nullable FloatArray logits, FloatArray y, FloatArray partial, int width) {
        ArrayChecks.requireSize("y", y, (long) graph.maxRows * width);
        ArrayChecks.requireSize("partial", partial, (long) graph.maxRows * width);
        graph.graph.task(
                task,
                ExpertKernels::addShared,
                graph.context,
                graph.step,
                logits == null ? graph.powers : logits,
                y,
                partial,
                width,
                logits == null ? 0 : 1);
        graph.launches.add(task, width, ELEMENTS, 1, RowCount.CHUNK);
    }
}
