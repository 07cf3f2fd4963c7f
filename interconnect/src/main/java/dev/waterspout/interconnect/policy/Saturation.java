package dev.waterspout.interconnect.policy;

/** The consequence of partials beyond the range of their wire format. */
public enum Saturation {
    /** The values are counted, and the run continues. */
    COUNT,
    /** The run ends. */
    END,
    /** The forward pass is repeated in a format with a larger range, which all later passes use too. */
    REPLACE
}
