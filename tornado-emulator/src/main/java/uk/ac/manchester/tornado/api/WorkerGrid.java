package uk.ac.manchester.tornado.api;

import org.jspecify.annotations.Nullable;

/** The work-items of a task in up to three dimensions, and their division into work-groups. */
public interface WorkerGrid {
    /** The number of dimensions used. */
    int dimension();

    /** Work-items per dimension. */
    long[] getGlobalWork();

    /** Work-items of a group per dimension, or null if the device chooses. */
    long @Nullable [] getLocalWork();

    /** Work-groups per dimension, or null if the device chooses. */
    long @Nullable [] getNumberOfWorkgroups();

    /** First index per dimension. */
    long[] getGlobalOffset();

    /** Sets the work-items per dimension. */
    void setGlobalWork(long x, long y, long z);

    /** Sets the work-items of a group per dimension. */
    void setLocalWork(long x, long y, long z);

    /** Lets the device choose the number of groups. */
    void setNumberOfWorkgroupsToNull();

    /** Lets the device choose the size of a group. */
    void setLocalWorkToNull();

    /** Sets the first index per dimension. */
    void setGlobalOffset(long x, long y, long z);
}
