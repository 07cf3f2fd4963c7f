package dev.waterspout.engine.forward;

import dev.waterspout.interconnect.policy.CommSchedule;

/** Whether a pass computes some of its rows while the partials of others are exchanged. */
public enum Overlap {
    /** Never. */
    OFF,
    /** In every pass that can be divided. */
    ON,
    /** If it was faster in earlier passes. */
    AUTO;

    /**
     * Returns the number of parts that a pass is divided into with overlap; 1 if it cannot be divided.
     *
     * @param schedule how partials are exchanged
     * @param rows rows of the pass
     */
    public static int parts(CommSchedule schedule, int rows) {
        return LayerPipeline.divides(schedule, rows) ? LayerPipeline.parts(schedule.choice(rows)) : 1;
    }
}
