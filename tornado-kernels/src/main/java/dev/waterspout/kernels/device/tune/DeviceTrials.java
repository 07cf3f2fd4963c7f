package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelChoice;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import java.util.Optional;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** Trials of one case on a device. Each has its own plan, which is closed as soon as it has been timed. */
final class DeviceTrials implements TrialSource {
    private final TuneOperands operands;
    private final TornadoDevice device;
    private final KernelDevice kernels;
    private int plans;

    DeviceTrials(TuneCase tuned, TornadoDevice device, KernelDevice kernels) {
        this.operands = tuned.operands();
        this.device = device;
        this.kernels = kernels;
    }

    @Override
    public Trial open(KernelChoice choice) {
        // Every plan has a unique name, because TornadoVM caches compiled code by the names of graph and task.
        return new DeviceTrial(
                operands.graph("tune" + plans++, kernels.with(_ -> Optional.of(choice))), operands, device);
    }

    private static final class DeviceTrial implements Trial {
        private final KernelGraph graph;
        private final TuneOperands operands;
        private final ProfiledPlan plan;
        private int runs;

        DeviceTrial(KernelGraph graph, TuneOperands operands, TornadoDevice device) {
            this.graph = graph;
            this.operands = operands;
            GridScheduler grids = new GridScheduler();
            graph.addTo(grids);
            this.plan = new ProfiledPlan(graph.taskGraph(), grids, device);
        }

        @Override
        public Optional<String> mismatch() {
            run();
            return operands.mismatch();
        }

        @Override
        public KernelTimes run() {
            operands.prepare(runs++);
            graph.prepare();
            return plan.run();
        }

        @Override
        public void close() {
            plan.close();
        }
    }
}
