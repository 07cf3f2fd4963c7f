package dev.waterspout.engine.model;

/** Whether the layers of an architecture have a kind of tensor. */
enum Presence {
    /** None has it. */
    NEVER,
    /** A layer may have it. */
    OPTIONAL,
    /** Every layer has it, separately or as a part of a fused tensor. */
    REQUIRED
}
