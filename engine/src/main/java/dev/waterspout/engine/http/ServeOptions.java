package dev.waterspout.engine.http;

import dev.waterspout.engine.http.transport.Address;
import dev.waterspout.engine.http.transport.Limits;
import java.time.Duration;
import java.util.List;

/**
 * How a model is served.
 *
 * @param address where the server listens
 * @param keys of which a request must have one; none if everybody may ask
 * @param parallel how many replies are computed at a time
 * @param mostWaiting how many requests may wait
 * @param request how long a request may take
 * @param limits what a client may cost
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
