package dev.waterspout.engine.model;

/** Whether the layers of an architecture have a kind of tensor. */
enum Presence {
    /** None has it. */
    NEVER,
    /** A layer may have it. */
    OPTIONAL,
    /** Every layer has it, unless a tensor that contains it takes its place. */
    REQUIRED
}
