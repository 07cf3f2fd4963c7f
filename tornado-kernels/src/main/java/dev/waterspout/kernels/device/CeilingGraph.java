package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.CeilingKernels;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A graph of one kernel that measures one limit of a device. Its result is one number per work-item.
 *
 * @param taskGraph the graph, transfers included
 * @param grids grids of its task
 * @param results [items]
 */
public record CeilingGraph(TaskGraph taskGraph, GridScheduler grids, FloatArray results) {
    private static final String TASK = "ceiling";

    /**
     * Returns a graph that reads an array once.
     *
     * @param name name of the graph
     * @param device device whose limits apply
     * @param data a multiple of 8 times {@code items} floats
     * @param items number of work-items that share the array
     * @param local items of a group
     * @param interleaved whether successive work-items read successive floats, which suits GPUs; otherwise each
     *     work-item reads a range
     */
    public static CeilingGraph reads(
            String name, KernelDevice device, FloatArray data, int items, int local, boolean interleaved) {
        int perItem = data.getSize() / items;
        if (perItem * items != data.getSize() || perItem % 8 != 0) {
            throw new IllegalArgumentException(
                    data.getSize() + " floats for " + items + " items; each takes the same multiple of 8");
        }
        FloatArray sums = new FloatArray(items);
        TaskGraph graph = new TaskGraph(name)
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, data)
                .task(
                        TASK,
                        CeilingKernels::readFloats,
                        new KernelContext(),
                        data,
                        sums,
                        perItem,
                        interleaved ? 1 : perItem,
                        interleaved ? items : 1)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, sums);
        return new CeilingGraph(graph, grids(name, device, items, local), sums);
    }

    /**
     * Returns a graph that multiplies and adds in registers.
     *
     * @param name name of the graph
     * @param device device whose limits apply
     * @param items number of work-items
     * @param local items of a group
     * @param chains number of independent chains per work-item, at most 64
     * @param steps number of multiply-adds per chain, two operations each
     */
    public static CeilingGraph multiplies(
            String name, KernelDevice device, int items, int local, int chains, int steps) {
        if (chains < 1 || chains > CeilingKernels.MOST_CHAINS) {
            throw new IllegalArgumentException(chains + " chains; there are 1 to " + CeilingKernels.MOST_CHAINS);
        }
        FloatArray seeds = new FloatArray(items);
        seeds.init(1f);
        FloatArray results = new FloatArray(items);
        TaskGraph graph = new TaskGraph(name)
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, seeds)
                .task(TASK, CeilingKernels::multiplyAdd, new KernelContext(), seeds, results, chains, steps)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, results);
        return new CeilingGraph(graph, grids(name, device, items, local), results);
    }

    private static GridScheduler grids(String name, KernelDevice device, int items, int local) {
        LaunchPlan launches = new LaunchPlan(name, device.limits());
        launches.add(TASK, items, local, 1, RowCount.CHUNK);
        GridScheduler grids = new GridScheduler();
        launches.addTo(grids);
        return grids;
    }
}
