package dev.waterspout.interconnect.collective;

import java.util.Locale;

/** The purpose of a frame, by which traffic is counted. */
public enum CollectiveKind {
    /** {@link AllGather} of payloads in frames. */
    ALLGATHER,
    /** {@link AllGather} of payloads that ranks read from each other's devices. */
    PEER,
    /** {@link TwoStep}. */
    TWOSTEP,
    /** {@link LogitsGather}. */
    LOGITS,
    /** Control messages: plans, tokens, reports. */
    CONTROL;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** Returns the name in options and reports. */
    public String label() {
        return label;
    }
}
