package dev.waterspout.kernels.probe;

import dev.waterspout.kernels.device.CeilingGraph;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelVariant;
import dev.waterspout.kernels.device.tune.ProfiledPlan;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Measures {@link DeviceCeiling} with kernels that TornadoVM compiles like all others. The fastest of a few variants
 * counts, by the kernel times of TornadoVM's profiler. So the limits are those of TornadoVM's kernels, not those of
 * the hardware.
 */
public final class DeviceProbe {
    private static final int RUNS = 7;
    private static final int[] CHAINS = {8, 16, 32, 64};
    private static final float SEED = 1f;

    private final TornadoDevice device;
    private final KernelDevice kernels;
    private final Size size;
    private int plans;

    /**
     * The amount of work in a launch.
     *
     * @param floats number of floats to read; more than fits in any cache
     * @param items work-items per compute unit; for reads a power of two, as {@code floats} is
     * @param steps steps of every chain of multiply-adds
     */
    record Size(int floats, int items, int steps) {}

    DeviceProbe(TornadoDevice device, KernelDevice kernels, Size size) {
        this.device = device;
        this.kernels = kernels;
        this.size = size;
    }

    /** Measures both limits of a device, in about two seconds. */
    public static DeviceCeiling measure(TornadoDevice device) {
        KernelDevice kernels = KernelDevice.of(device);
        boolean cpu = kernels.variant() == KernelVariant.ITEMS;
        return new DeviceProbe(device, kernels, new Size(1 << 26, cpu ? 64 : 2048, 1 << 14)).measure();
    }

    DeviceCeiling measure() {
        return new DeviceCeiling(
                Math.max(readBytesPerSecond(true), readBytesPerSecond(false)),
                IntStream.of(CHAINS).mapToDouble(this::flopsPerSecond).max().orElseThrow());
    }

    private double readBytesPerSecond(boolean interleaved) {
        FloatArray data = new FloatArray(size.floats);
        data.init(SEED);
        int items = Math.min(size.floats / 8, Integer.highestOneBit(size.items * units()));
        CeilingGraph graph = CeilingGraph.reads(name(), kernels, data, items, local(items), interleaved);
        double seconds = seconds(graph);
        require(graph.results(), SEED * size.floats / items);
        return 4.0 * size.floats / seconds;
    }

    private double flopsPerSecond(int chains) {
        int items = Integer.highestOneBit(size.items * units());
        CeilingGraph graph = CeilingGraph.multiplies(name(), kernels, items, local(items), chains, size.steps);
        double seconds = seconds(graph);
        // Every chain ends at 2, where x = x / 2 + 1.
        require(graph.results(), 2f * chains);
        return 2.0 * items * chains * size.steps / seconds;
    }

    private int units() {
        return Math.max(1, device.getPhysicalDevice().getDeviceMaxComputeUnits());
    }

    private int local(int items) {
        int most = kernels.variant() == KernelVariant.ITEMS ? 1 : 128;
        return Integer.highestOneBit(
                (int) Math.min(Math.min(most, items), kernels.limits().groupItems()));
    }

    private String name() {
        return "ceiling" + plans++;
    }

    private double seconds(CeilingGraph graph) {
        try (ProfiledPlan plan = new ProfiledPlan(graph.taskGraph(), graph.grids(), device)) {
            plan.run();
            long fastest = IntStream.range(0, RUNS)
                    .mapToLong(_ -> plan.run().kernelNanos())
                    .min()
                    .orElseThrow();
            return Math.max(1, fastest) / 1e9;
        }
    }

    /** Checks the result: a kernel that computed nothing was not measured. */
    private static void require(FloatArray results, float expected) {
        for (int i = 0; i < results.getSize(); i++) {
            if (Math.abs(results.get(i) - expected) > 1e-3f * expected) {
                throw new IllegalStateException(
                        "the device probe computed " + results.get(i) + "; the right result is " + expected);
            }
        }
    }
}
