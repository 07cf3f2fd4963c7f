package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.PartKernels;
import dev.waterspout.kernels.device.kernels.Step;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The tasks of a graph that changes the part of a pass that some arrays hold. Other kernels find the rows of a part
 * from row 0 on; the rows of the other parts are stored in arrays of the whole pass.
 */
public final class PartChange {
    private final KernelGraph graph;
    private final IntArray change = new IntArray(PartKernels.SIZE);

    /** @param graph the graph, which has no other tasks */
    public PartChange(KernelGraph graph) {
        this.graph = graph;
        change.init(0);
        graph.graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, change);
    }

    /**
     * Adds an array.
     *
     * @param task name
     * @param part [rows][width], the rows of one part
     * @param stored [rows][width], the rows of the pass; another array of the same type
     * @param width elements of a row
     */
    public void add(String task, TornadoNativeArray part, TornadoNativeArray stored, int width) {
        ArrayChecks.requireDistinct(task, "part", part, "stored", stored);
        ArrayChecks.requireSize("part", part, (long) graph.maxRows * width);
        ArrayChecks.requireSize("stored", stored, (long) graph.maxRows * width);
        if (part instanceof FloatArray floats) {
            graph.graph.task(
                    task, PartKernels::changeFloats, graph.context, change, floats, (FloatArray) stored, width);
        } else {
            graph.graph.task(
                    task, PartKernels::changeBytes, graph.context, change, (ByteArray) part, (ByteArray) stored, width);
        }
        graph.launches.add(task, width, KernelCandidates.ELEMENTS, 1, RowCount.CHUNK);
    }

    /**
     * Sets the rows of the next execution, and the number of rows in {@link Step}.
     *
     * @param storeFrom first row of the pass that is stored
     * @param storeRows number of rows that are stored, or 0
     * @param loadFrom first row of the pass that is loaded
     * @param loadRows number of rows that are loaded, or 0
     * @throws IllegalArgumentException if rows are beyond the pass, or are stored and loaded at the same time
     */
    public void set(int storeFrom, int storeRows, int loadFrom, int loadRows) {
        require("stored", storeFrom, storeRows);
        require("loaded", loadFrom, loadRows);
        if (storeFrom < loadFrom + loadRows && loadFrom < storeFrom + storeRows && storeRows > 0 && loadRows > 0) {
            throw new IllegalArgumentException("rows " + loadFrom + " to " + (loadFrom + loadRows - 1)
                    + " are loaded, and rows " + storeFrom + " to " + (storeFrom + storeRows - 1)
                    + " are stored: they must have none in common");
        }
        change.set(PartKernels.STORE_FROM, storeFrom);
        change.set(PartKernels.STORE_ROWS, storeRows);
        change.set(PartKernels.LOAD_FROM, loadFrom);
        change.set(PartKernels.LOAD_ROWS, loadRows);
        graph.step.set(Step.ROWS, Math.max(storeRows, loadRows));
    }

    private void require(String what, int from, int rows) {
        if (from < 0 || rows < 0 || from > graph.maxRows - rows) {
            throw new IllegalArgumentException(
                    rows + " " + what + " rows from row " + from + ": a pass has at most " + graph.maxRows);
        }
    }
}
