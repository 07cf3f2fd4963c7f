package dev.waterspout.engine.api;

import dev.waterspout.interconnect.InterconnectException;

/**
 * A listener for the progress of loading and for decisions while a model runs. All methods may be called by any thread.
 */
public interface Events {
    /** Ignores all events. */
    Events NONE = new Events() {};

    /**
     * Weights are being read.
     *
     * @param model name of the model's file
     * @param bytes number of bytes read so far
     * @param all number of bytes to read
     */
    default void loading(String model, long bytes, long all) {}

    /**
     * A decision that the user did not ask for, such as a fallback.
     *
     * @param sentence a description of the decision
     */
    default void note(String sentence) {}

    /**
     * The reasons for the choice of a schedule or of the path between devices.
     *
     * @param lines the reasons
     */
    default void explanation(String lines) {}

    /**
     * The group has been lost while this process's rank waits in a call of a library that cannot be interrupted. A
     * process without other work should end itself here.
     *
     * @param cause the failure of the group
     */
    default void lost(InterconnectException cause) {}
}
