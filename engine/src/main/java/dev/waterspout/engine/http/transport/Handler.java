package dev.waterspout.engine.http.transport;

import java.util.Optional;

/** Answers requests. */
public interface Handler {
    /**
     * Looks at a request's head, before its body is read. Must not wait.
     *
     * @param head head of the request
     * @return the answer of a request that is refused; empty for one that goes on
     */
    Optional<Answer> screen(Head head);

    /**
     * Answers a request. Called on a thread of the request's own, which may wait.
     *
     * @param exchange the request, and the way back
     */
    void handle(Exchange exchange);

    /**
     * Returns the answer to a request that breaks a limit.
     *
     * @param status HTTP status: 408 or 413
     * @param message one sentence
     */
    Answer refuse(int status, String message);
}
