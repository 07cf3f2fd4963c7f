package dev.waterspout.engine.http.openai;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Names that tell replies and calls apart. */
final class Ids {
    private Ids() {}

    /** Returns a new name. */
    static String next(String prefix) {
        byte[] bytes = new byte[12];
        ThreadLocalRandom.current().nextBytes(bytes);
        return prefix + HexFormat.of().formatHex(bytes);
    }
}
