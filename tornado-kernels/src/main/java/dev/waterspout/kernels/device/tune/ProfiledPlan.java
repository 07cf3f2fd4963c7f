package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.ExactPlans;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/**
 * A plan of one graph with one task, run under TornadoVM's profiler. The profiler's log grows with every execution, so
 * plans should be short-lived.
 */
public final class ProfiledPlan implements AutoCloseable {
    /** Only the log has the kernel time. Its last entry belongs to the last execution. */
    private static final Pattern KERNEL_TIME = Pattern.compile("\"TASK_KERNEL_TIME\": \"([0-9]{1,18})\"");

    private static final int LOG_TAIL = 4096;

    private final TornadoExecutionPlan plan;

    /**
     * Builds the plan. The first run compiles it.
     *
     * @param graph transfers and one task
     * @param grids grid of the task
     * @param device the device that runs it
     */
    public ProfiledPlan(TaskGraph graph, GridScheduler grids, TornadoDevice device) {
        TornadoExecutionPlan made = new TornadoExecutionPlan(graph.snapshot())
                .withDevice(device)
                .withGridScheduler(grids)
                .withProfiler(ProfilerMode.SILENT);
        // The flags of the engine's plans, so that the same kernels are compiled.
        this.plan = ExactPlans.exact(made, device);
    }

    /**
     * Executes the graph once.
     *
     * @throws IllegalStateException if the profiler reports no kernel
     */
    public KernelTimes run() {
        TornadoProfilerResult profile = plan.execute().getProfilerResult();
        return new KernelTimes(
                kernelNanos(profile.getProfileLog()),
                profile.getDataTransfersTime(),
                profile.getKernelDispatchTime() + profile.getDataTransferDispatchTime());
    }

    /** {@return the kernel time of the last execution in a log} */
    static long kernelNanos(String log) {
        Matcher matcher = KERNEL_TIME.matcher(log.substring(Math.max(0, log.length() - LOG_TAIL)));
        long nanos = -1;
        while (matcher.find()) {
            nanos = Long.parseLong(matcher.group(1));
        }
        if (nanos < 0) {
            throw new IllegalStateException("the profiler's log has no TASK_KERNEL_TIME");
        }
        return nanos;
    }

    @Override
    public void close() {
        plan.freeDeviceMemory();
        try {
            plan.close();
        } catch (TornadoExecutionPlanException failure) {
            throw new IllegalStateException("a plan could not be closed: " + failure.getMessage(), failure);
        }
    }
}
