package dev.waterspout.engine.http.transport;

import java.time.Duration;

/**
 * Limits on what one client may use.
 *
 * @param bodyBytes most bytes of a request's body
 * @param body time limit for sending a request's body
 * @param write time limit for reading a piece of a response
 * @param idle time limit of a connection without a request, and for sending a request's head
 */
public record Limits(int bodyBytes, Duration body, Duration write, Duration idle) {
    /** 8 MiB of body, 30 seconds to send it, 60 seconds to read a piece, 75 seconds without a request. */
    public static final Limits DEFAULT =
            new Limits(8 << 20, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(75));
}
