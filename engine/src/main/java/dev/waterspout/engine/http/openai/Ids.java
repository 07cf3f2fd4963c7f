package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.http.transport.Stamp;
import java.util.HexFormat;
import java.util.Random;

/** Identifiers of replies and tool calls. They are pseudo-random numbers, seeded by the request's stamp. */
final class Ids {
    private final Random random;

    Ids(Stamp stamp) {
        this.random = new Random(stamp.seed());
    }

    /** Returns the next identifier. */
    String next(String prefix) {
        byte[] bytes = new byte[12];
        random.nextBytes(bytes);
        return prefix + HexFormat.of().formatHex(bytes);
    }
}
