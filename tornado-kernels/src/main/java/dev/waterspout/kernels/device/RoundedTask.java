package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.LinearPanelKernels;
import dev.waterspout.kernels.device.kernels.RoundedGroupKernels;
import dev.waterspout.kernels.device.kernels.RoundedTileKernels;
import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A matrix product whose inputs are rounded to 8 bits, with the bits of the host for every choice of a kernel.
 *
 * @param product operands; the weights are in panels and quantized
 */
record RoundedTask(LinearTask product) {
    /** Work-items of a work-group in place of warps that do not round inputs. */
    private static final int ITEMS = 128;

    /**
     * {@return the choice that a device has a rounding kernel for} In place of warps, work-groups round inputs. Where
     * they cannot, work-items compute a panel each.
     */
    static KernelChoice choice(KernelDevice device, KernelChoice choice) {
        boolean groups = choice.cut() == KernelCut.GROUP || choice.cut() == KernelCut.WARP;
        if (groups && !device.roundsInGroups()) {
            return new KernelChoice(KernelCut.PLAIN, 1, 1);
        }
        return choice.cut() == KernelCut.WARP
                ? new KernelChoice(KernelCut.GROUP, 1, Math.min(ITEMS, choice.local()))
                : choice;
    }

    /** Adds the task, and where the kernel does not round its inputs one that does. */
    void add(KernelGraph graph, String task, KernelChoice choice) {
        IntArray shape = product.shape();
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        if (choice.cut() == KernelCut.GROUP) {
            addGroups(graph, task, shape, choice.local());
            return;
        }
        int format = Panels.withRoundedInputs(product.w().kernelFormat());
        FloatArray x =
                graph.roundedInputs.add(graph, task, product.x(), 1, product.w().columns());
        if (choice.cut() == KernelCut.TILE) {
            addTiles(graph, task, shape, x, format, choice);
        } else {
            addItems(graph, task, shape, x, format, choice);
        }
        graph.roundedInputs.keep(graph, product.y());
    }

    private void addGroups(KernelGraph graph, String task, IntArray shape, int items) {
        int tokens = Math.min(RoundedGroupKernels.MOST_TOKENS, graph.maxRows);
        graph.graph.task(
                task,
                RoundedGroupKernels::roundedByGroup,
                graph.context,
                graph.step,
                shape,
                shape,
                product.bias(),
                product.w().words(),
                product.x(),
                product.bias(),
                product.y(),
                RoundedGroupKernels.PLAIN,
                product.function(),
                product.w().kernelFormat(),
                tokens,
                items);
        graph.launches.add(task, panels() * items, items, 1, tokens, RowCount.CHUNK);
    }

    private void addTiles(
            KernelGraph graph, String task, IntArray shape, FloatArray x, int format, KernelChoice choice) {
        graph.graph.task(
                task,
                RoundedTileKernels::roundedByTile,
                graph.context,
                graph.step,
                shape,
                product.w().words(),
                x,
                product.bias(),
                product.y(),
                product.function(),
                format,
                choice.perItem());
        graph.launches.add(task, product.outputs(), choice.local(), choice.local(), choice.perItem(), RowCount.CHUNK);
    }

    private void addItems(
            KernelGraph graph, String task, IntArray shape, FloatArray x, int format, KernelChoice choice) {
        IntArray words = product.w().words();
        if (choice.perItem() == 1) {
            graph.graph.task(
                    task,
                    LinearPanelKernels::panelByToken,
                    graph.context,
                    graph.step,
                    shape,
                    words,
                    x,
                    product.bias(),
                    product.y(),
                    product.function(),
                    format);
        } else {
            graph.graph.task(
                    task,
                    LinearPanelKernels::panelByRun,
                    graph.context,
                    graph.step,
                    shape,
                    words,
                    x,
                    product.bias(),
                    product.y(),
                    product.function(),
                    format,
                    choice.perItem());
        }
        graph.launches.add(task, panels(), choice.local(), 0, RowCount.CHUNK);
    }

    private long panels() {
        return Math.ceilDiv(product.outputs(), Panels.ROWS);
    }
}
