package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Options;
import java.io.PrintWriter;
import picocli.CommandLine.Mixin;

/** Options of commands that run a model: the ranks, the exchange between them, and the host device. */
public final class RunOptions {
    @Mixin
    private PlanOptions plan = new PlanOptions();

    @Mixin
    private CommOptions comm = new CommOptions();

    @Mixin
    private HostOptions host = new HostOptions();

    /**
     * Returns the options of the run.
     *
     * @param lasts whether {@code --comm-measure auto} means full, for runs that take long
     * @param err receives lines about tuned kernels
     */
    public Options options(boolean lasts, PrintWriter err) {
        return plan.options(comm.exchange(lasts), host.host(plan.activations(), plan.machineCode()), err);
    }

    /**
     * Returns the context of these options, for a command with its own default.
     *
     * @param positions default number of positions in the KV cache
     */
    public Context contextOr(int positions) {
        return plan.contextOr(positions);
    }

    /** Returns whether the decisions of {@code auto} are printed. */
    public boolean explains() {
        return comm.explains();
    }
}
