package dev.waterspout.engine.http.transport;

import java.time.Duration;

/**
 * What a client may cost.
 *
 * @param bodyBytes most bytes of a request's body
 * @param body time limit for receiving a request's body
 * @param write time limit for a client to read a piece of a response
 * @param idle time limit of a connection without a request, and for receiving a request's head
 */
public record Limits(int bodyBytes, Duration body, Duration write, Duration idle) {
    /** 8 MiB, 30 seconds to send, 60 seconds to read a piece, 75 seconds between requests. */
    public static final Limits DEFAULT =
            new Limits(8 << 20, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(75));
}
