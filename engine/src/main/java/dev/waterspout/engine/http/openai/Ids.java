package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.http.transport.Stamp;
import java.util.HexFormat;
import java.util.Random;

/** Names that tell replies and calls apart; those of one request follow from its stamp. */
final class Ids {
    private final Random random;

    Ids(Stamp stamp) {
        this.random = new Random(stamp.seed());
    }

    /** Returns a new name. */
    String next(String prefix) {
        byte[] bytes = new byte[12];
        random.nextBytes(bytes);
        return prefix + HexFormat.of().formatHex(bytes);
    }
}
