package dev.waterspout.engine.forward;

/** Whether a pass computes some of its rows while the partials of others travel. */
public enum Overlap {
    /** Never. */
    OFF,
    /** In every pass that can be divided. */
    ON,
    /** Where it was faster in the passes before. */
    AUTO
}
