package uk.ac.manchester.tornado.api;

import dev.waterspout.emulator.graph.PlanRun;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** The result of an execution: its profile, and arrays on the device that can be copied to the host. */
public class TornadoExecutionResult {
    private final PlanRun run;
    private final TornadoProfilerResult profile;

    TornadoExecutionResult(PlanRun run, TornadoProfilerResult profile) {
        this.run = run;
        this.profile = profile;
    }

    /** Times and bytes of the execution. */
    public TornadoProfilerResult getProfilerResult() {
        return profile;
    }

    /**
     * Copies arrays from the device to the host.
     *
     * @throws TornadoRuntimeException if no selected graph has one of them on its device
     */
    public TornadoExecutionResult transferToHost(Object... objects) {
        run.transferToHost(objects);
        return this;
    }

    /** Copies a part of an array from the device to the host. */
    public TornadoExecutionResult transferToHost(DataRange dataRange) {
        dataRange.materialize();
        run.transferToHost(dataRange.getArray(), dataRange.getOffset(), dataRange.getPartialSize());
        return this;
    }

    /** Whether the execution has finished; always true on the emulator. */
    public boolean isReady() {
        return true;
    }
}
