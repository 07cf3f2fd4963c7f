package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.ElementwiseKernels;
import dev.waterspout.kernels.device.kernels.GateKernels;
import dev.waterspout.kernels.host.GateFunction;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds tasks to a graph that compute every element of a row by itself.
 *
 * @param graph graph that the tasks are added to
 */
public record ElementTasks(KernelGraph graph) {
    private static final int ELEMENTS = KernelCandidates.ELEMENTS;

    /**
     * Adds the gate of a feed-forward network: {@code y = function(gate, up)}.
     *
     * @param task name
     * @param function function of two elements
     * @param gate columns of each vector; {@code up} may be others of the same array
     * @param up columns of each vector; not read if the function has one operand
     * @param y [rows][vectors][width], an array of its own
     * @param vectors vectors of a row
     * @param width columns of a vector
     */
    public void gate(
            String task,
            GateFunction function,
            DeviceColumns gate,
            DeviceColumns up,
            FloatArray y,
            int vectors,
            int width) {
        ArrayChecks.requireDistinct(task, "gate", gate.array(), "y", y);
        ArrayChecks.requireDistinct(task, "up", up.array(), "y", y);
        gate.requireRoom("gate", graph.maxRows, vectors, width);
        up.requireRoom("up", graph.maxRows, vectors, width);
        ArrayChecks.requireSize("y", y, (long) graph.maxRows * vectors * width);
        graph.graph.task(
                task,
                GateKernels::activate,
                graph.context,
                graph.step,
                gate.array(),
                up.array(),
                y,
                gate.width(),
                gate.from(),
                up.width(),
                up.from(),
                vectors,
                width,
                number(function));
        graph.launches.add(task, (long) vectors * width, ELEMENTS, 1, RowCount.CHUNK);
    }

    /** {@return the number of a function in kernels} */
    static int number(GateFunction function) {
        return switch (function) {
            case SWIGLU -> GateKernels.SWIGLU;
            case GEGLU -> GateKernels.GEGLU;
            case GELU -> GateKernels.GELU;
            case SWIGLU_CLAMPED -> GateKernels.SWIGLU_CLAMPED;
        };
    }

    /**
     * Adds a scaling: {@code x = x * factor}.
     *
     * @param task name
     * @param x [rows][width], overwritten
     * @param factor factor of each element
     * @param width elements of a row
     */
    public void scale(String task, FloatArray x, float factor, int width) {
        ArrayChecks.requireSize("x", x, (long) graph.maxRows * width);
        graph.graph.task(task, ElementwiseKernels::scaleBy, graph.context, graph.step, x, factor, width);
        graph.launches.add(task, width, ELEMENTS, 1, RowCount.CHUNK);
    }

    /**
     * Adds a scaling of each row: {@code x[row] = x[row] * factors[row]}.
     *
     * @param task name
     * @param x [rows][width], overwritten
     * @param factors [rows]
     * @param width elements of a row
     */
    public void scaleRows(String task, FloatArray x, FloatArray factors, int width) {
        ArrayChecks.requireSize("x", x, (long) graph.maxRows * width);
        ArrayChecks.requireSize("factors", factors, graph.maxRows);
        graph.graph.task(task, ElementwiseKernels::scaleRows, graph.context, graph.step, x, factors, width);
        graph.launches.add(task, width, ELEMENTS, 1, RowCount.CHUNK);
    }

    /**
     * Adds a soft cap: {@code x = cap * tanh(x / cap)}.
     *
     * @param task name
     * @param x [rows][width], overwritten
     * @param cap above 0
     * @param width elements of a row
     */
    public void softCap(String task, FloatArray x, float cap, int width) {
        ArrayChecks.requireSize("x", x, (long) graph.maxRows * width);
        graph.graph.task(task, ElementwiseKernels::capAt, graph.context, graph.step, x, cap, width);
        graph.launches.add(task, width, ELEMENTS, 1, RowCount.CHUNK);
    }

    /**
     * Adds an addition: {@code target += addend}.
     *
     * @param task name
     * @param target [rows][width], overwritten
     * @param addend [rows][width]
     * @param width elements of a row
     */
    public void add(String task, FloatArray target, FloatArray addend, int width) {
        ArrayChecks.requireDistinct(task, "target", target, "addend", addend);
        ArrayChecks.requireSize("target", target, (long) graph.maxRows * width);
        ArrayChecks.requireSize("addend", addend, (long) graph.maxRows * width);
        graph.graph.task(task, ElementwiseKernels::addTo, graph.context, graph.step, target, addend, width);
        graph.launches.add(task, width, ELEMENTS, 1, RowCount.CHUNK);
    }

    /**
     * Adds a copy of the rows whose logits are computed: {@code selected[i] = x[chosen[i]]}.
     *
     * @param task name
     * @param chosen [out rows], each within the chunk; to be transferred by the caller
     * @param x [rows][width]
     * @param selected [out rows][width]
     * @param width elements of a row
     */
    public void selectOut(String task, IntArray chosen, FloatArray x, FloatArray selected, int width) {
        ArrayChecks.requireSize("x", x, (long) graph.maxRows * width);
        ArrayChecks.requireSize("selected", selected, (long) graph.maxRows * width);
        graph.graph.task(task, ElementwiseKernels::selectOut, graph.context, graph.step, chosen, x, selected, width);
        graph.launches.add(task, width, ELEMENTS, 1, RowCount.OUT);
    }

    /**
     * Adds a copy of some columns of each vector of a row.
     *
     * @param task name
     * @param source where they are
     * @param target where they go, another array
     * @param vectors vectors of a row
     * @param width columns of a vector
     */
    public void copyColumns(String task, DeviceColumns source, DeviceColumns target, int vectors, int width) {
        ArrayChecks.requireDistinct(task, "source", source.array(), "target", target.array());
        source.requireRoom("source", graph.maxRows, vectors, width);
        target.requireRoom("target", graph.maxRows, vectors, width);
        graph.graph.task(
                task,
                ElementwiseKernels::copyColumns,
                graph.context,
                graph.step,
                source.array(),
                target.array(),
                source.width(),
                source.from(),
                target.width(),
                target.from(),
                vectors,
                width);
        graph.launches.add(task, (long) vectors * width, ELEMENTS, 1, RowCount.CHUNK);
    }
}
