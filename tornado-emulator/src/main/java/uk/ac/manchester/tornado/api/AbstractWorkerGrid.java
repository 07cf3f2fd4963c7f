package uk.ac.manchester.tornado.api;

import org.jspecify.annotations.Nullable;

/** A grid that keeps its sizes; they may change between executions. */
public abstract class AbstractWorkerGrid implements WorkerGrid {
    /** Work-items per dimension. */
    protected long[] globalWork;

    /** Work-items of a group per dimension. */
    protected long @Nullable [] localWork;

    /** Work-groups per dimension. */
    protected long @Nullable [] numOfWorkgroups;

    /** First index per dimension. */
    protected long[] globalOffset;

    /** A grid of that many work-items, whose group size the device chooses. */
    protected AbstractWorkerGrid(long x, long y, long z) {
        globalWork = new long[] {x, y, z};
        globalOffset = new long[] {0, 0, 0};
    }

    @Override
    public long[] getGlobalWork() {
        return globalWork;
    }

    @Override
    public long @Nullable [] getLocalWork() {
        return localWork;
    }

    @Override
    public long @Nullable [] getNumberOfWorkgroups() {
        return numOfWorkgroups;
    }

    @Override
    public long[] getGlobalOffset() {
        return globalOffset;
    }

    @Override
    public void setGlobalWork(long x, long y, long z) {
        globalWork = new long[] {x, y, z};
    }

    @Override
    public void setLocalWork(long x, long y, long z) {
        localWork = new long[] {x, y, z};
        numOfWorkgroups = new long[] {globalWork[0] / x, globalWork[1] / y, globalWork[2] / z};
    }

    @Override
    public void setGlobalOffset(long x, long y, long z) {
        globalOffset = new long[] {x, y, z};
    }

    @Override
    public void setLocalWorkToNull() {
        localWork = null;
    }

    @Override
    public void setNumberOfWorkgroupsToNull() {
        numOfWorkgroups = null;
    }
}
