package dev.waterspout.engine.http;

import dev.waterspout.engine.http.transport.Address;
import dev.waterspout.engine.http.transport.Limits;
import java.time.Duration;
import java.util.List;

/**
 * Settings of a server.
 *
 * @param address address of the server
 * @param keys the valid API keys; an empty list admits every request
 * @param parallel most replies computed at the same time
 * @param mostWaiting largest number of waiting requests
 * @param request time limit of a request
 * @param limits limits on what one client may use
 */
public record ServeOptions(
        Address address, List<String> keys, int parallel, int mostWaiting, Duration request, Limits limits) {
    /** Copies the list. */
    public ServeOptions {
        keys = List.copyOf(keys);
        if (keys.contains("")) {
            throw new IllegalArgumentException("an API key is empty; it must have at least 1 character");
        }
    }
}
