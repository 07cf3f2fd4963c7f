package dev.waterspout.engine.http.transport;

import java.util.List;

/**
 * A request with its whole body, and the means to answer it. Used by one thread, apart from the actions of
 * {@link #onGone}.
 */
public interface Exchange extends Head {
    /** Returns the body. */
    byte[] body();

    /**
     * Registers an action for the case that the client closes its connection before the answer has ended.
     *
     * @param action action that runs on any thread as soon as the connection closes; if it has closed already, the
     *     action runs within this call
     */
    void onGone(Runnable action);

    /**
     * Sends a whole answer.
     *
     * @param answer answer to send
     * @throws ClientGoneException if the client has closed its connection
     */
    void answer(Answer answer);

    /** Begins an answer of server-sent events. */
    void beginEvents();

    /** Returns whether an answer has begun. */
    boolean begun();

    /**
     * Sends an event and waits until it is written to the connection.
     *
     * @param event text of an event, including the empty line at its end
     * @throws ClientGoneException if the client has closed its connection, or has read nothing within the time limit
     */
    void send(String event);

    /**
     * Ends an answer of events.
     *
     * @throws ClientGoneException if the client has closed its connection, or has read nothing within the time limit
     */
    void endEvents();

    /** Returns the random seed and the time that the answer depends on. */
    Stamp stamp();

    /**
     * Returns whether the request is sent again, with the tokens that were {@linkplain #note noted}, if the model
     * becomes unusable before the answer has ended.
     */
    default boolean repeats() {
        return false;
    }

    /**
     * Returns the tokens of a reply that were noted in earlier attempts to answer the request.
     *
     * @param choice index of the reply, from 0
     */
    default int[] known(int choice) {
        return new int[0];
    }

    /**
     * Notes tokens of a reply. Called before the events made of these tokens are sent.
     *
     * @param choice index of the reply, from 0
     * @param tokens tokens that follow those noted before
     */
    default void note(int choice, List<Integer> tokens) {}
}
