package dev.waterspout.interconnect.policy;

/** The consequence of partials beyond the range of the format that they travel in. */
public enum Saturation {
    /** The values are counted, and the run goes on. */
    COUNT,
    /** The run ends. */
    END,
    /** The forward pass is repeated in a format that holds, and so are all later ones. */
    REPLACE
}
