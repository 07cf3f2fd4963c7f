package dev.waterspout.engine.http.transport;

import java.util.List;

/** A request whose body is there, and the way back. Used by one thread, but for {@link #onGone}'s actions. */
public interface Exchange extends Head {
    /** Returns the body. */
    byte[] body();

    /**
     * Asks for something to be done at once when the client leaves before its answer has ended.
     *
     * @param action action, run on any thread, soon; at once where the client has left already
     */
    void onGone(Runnable action);

    /**
     * Answers.
     *
     * @param answer status, headers and body
     * @throws ClientGoneException if the client has left
     */
    void answer(Answer answer);

    /** Begins an answer of server-sent events. */
    void beginEvents();

    /** Returns whether an answer has begun. */
    boolean begun();

    /**
     * Sends an event and waits until it is on its way.
     *
     * @param event text of an event, with the empty one at its end
     * @throws ClientGoneException if the client has left, or does not read
     */
    void send(String event);

    /**
     * Ends an answer of events.
     *
     * @throws ClientGoneException if the client has left, or does not read
     */
    void endEvents();

    /** Returns what the answer takes from chance and the clock. */
    Stamp stamp();

    /**
     * Returns whether the request is asked again, with the tokens that were {@linkplain #note noted}, when the model is
     * lost before it has been answered.
     */
    default boolean repeats() {
        return false;
    }

    /**
     * Returns the tokens of a reply that were noted when the request was asked before.
     *
     * @param choice index of the reply, from 0
     */
    default int[] known(int choice) {
        return new int[0];
    }

    /**
     * Notes tokens of a reply, before the events that are made of them are sent.
     *
     * @param choice index of the reply, from 0
     * @param tokens tokens that follow the ones noted before
     */
    default void note(int choice, List<Integer> tokens) {}
}
