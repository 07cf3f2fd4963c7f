package dev.waterspout.engine.http;

import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.Exchange;

/** Answers the requests that a {@link Gate} lets through. */
interface Service {
    /**
     * Answers a request.
     *
     * @throws dev.waterspout.engine.http.openai.ApiException if the request is refused before its answer has begun
     */
    void answer(Exchange exchange);

    /** Returns the answer to a request for the server's health, while the server is not shutting down. */
    Answer health();

    /** Counts an answered request in the metrics. */
    void count(String path, int status);
}
