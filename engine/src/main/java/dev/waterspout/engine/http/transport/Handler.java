package dev.waterspout.engine.http.transport;

import java.util.Optional;

/** Answers requests. */
public interface Handler {
    /**
     * Decides from a request's head whether its body is read. Runs on the event loop, so it must not block.
     *
     * @param head head of the request
     * @return the answer if the request is refused; empty if its body is to be read
     */
    Optional<Answer> screen(Head head);

    /**
     * Answers a request. Runs on the request's own virtual thread, which may block.
     *
     * @param exchange the request, and the means to answer it
     */
    void handle(Exchange exchange);

    /**
     * Returns the answer to a request that exceeds a limit.
     *
     * @param status HTTP status: 408 or 413
     * @param message one sentence
     */
    Answer refuse(int status, String message);
}
