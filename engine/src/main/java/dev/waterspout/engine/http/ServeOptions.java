package dev.waterspout.engine.http;

import dev.waterspout.engine.http.transport.Address;
import dev.waterspout.engine.http.transport.Limits;
import java.time.Duration;
import java.util.List;

/**
 * How a model is served.
 *
 * @param address address on which the server listens
 * @param keys access keys, of which a request must send one; none if everybody may ask
 * @param parallel number of replies computed at a time
 * @param mostWaiting largest number of waiting requests
 * @param request time limit of a request
 * @param limits limits on the resources of one client
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
