package dev.waterspout.engine.http.transport;

import java.util.concurrent.ThreadLocalRandom;

/**
 * What an answer takes from chance and the clock. The same request with the same stamp has the same answer.
 *
 * @param seed seed of identifiers, and of the choice of tokens where the request names none
 * @param created time of the request, in seconds since 1970
 */
public record Stamp(long seed, long created) {
    /** Returns a stamp of a request that comes now. */
    public static Stamp now() {
        return new Stamp(ThreadLocalRandom.current().nextLong(), System.currentTimeMillis() / 1000);
    }
}
