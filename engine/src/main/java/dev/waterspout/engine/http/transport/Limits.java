package dev.waterspout.engine.http.transport;

import java.time.Duration;

/**
 * What a client may cost.
 *
 * @param bodyBytes most bytes of a request's body
 * @param body how long a request's body may take to come
 * @param write how long a client may take to read a piece of a response
 * @param idle how long a connection is kept without a request, and how long a request's head may take to come
 */
public record Limits(int bodyBytes, Duration body, Duration write, Duration idle) {
    /** 8 MiB, 30 seconds to send, 60 seconds to read a piece, 75 seconds between requests. */
    public static final Limits DEFAULT =
            new Limits(8 << 20, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(75));
}
