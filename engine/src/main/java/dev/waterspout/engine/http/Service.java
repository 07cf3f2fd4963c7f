package dev.waterspout.engine.http;

import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.Exchange;

/** Answers the requests that a {@link Gate} lets through. */
interface Service {
    /**
     * Answers a request.
     *
     * @throws dev.waterspout.engine.http.openai.ApiException if there is no answer, and none has begun
     */
    void answer(Exchange exchange);

    /** Returns the answer to whether it can answer, unless it is about to end. */
    Answer health();

    /** Counts an answer. */
    void count(String path, int status);
}
