package dev.waterspout.engine.api;

import dev.waterspout.interconnect.InterconnectException;

/**
 * What happens while a model loads and runs, for those who want to show it. All methods may be called by any thread.
 */
public interface Events {
    /** Shows nothing. */
    Events NONE = new Events() {};

    /**
     * Weights are being read.
     *
     * @param model its file's name
     * @param bytes number of bytes read so far
     * @param all bytes that are to be read
     */
    default void loading(String model, long bytes, long all) {}

    /**
     * Something was decided, or given up, that the user did not ask for.
     *
     * @param sentence about it
     */
    default void note(String sentence) {}

    /**
     * Why a schedule or a way between devices was chosen.
     *
     * @param lines about it
     */
    default void explanation(String lines) {}

    /**
     * The group has been lost while this process's rank waits in a library's call and cannot be told. A process that
     * has nothing else to do ends itself here.
     *
     * @param cause the failure of the output
     */
    default void lost(InterconnectException cause) {}
}
