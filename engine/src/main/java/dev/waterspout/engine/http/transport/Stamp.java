package dev.waterspout.engine.http.transport;

import java.util.concurrent.ThreadLocalRandom;

/**
 * The random seed and the time that an answer depends on. Equal requests with equal stamps have equal answers.
 *
 * @param seed seed of identifiers, and of sampling where the request gives no seed
 * @param created time of the request, in seconds since 1970
 */
public record Stamp(long seed, long created) {
    /** Returns a new stamp: a random seed and the current time. */
    public static Stamp now() {
        return new Stamp(ThreadLocalRandom.current().nextLong(), System.currentTimeMillis() / 1000);
    }
}
