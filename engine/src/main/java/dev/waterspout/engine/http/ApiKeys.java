package dev.waterspout.engine.http;

import dev.waterspout.engine.http.transport.Head;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The API keys that admit a request. The time of a comparison does not depend on the keys. */
final class ApiKeys {
    private static final String BEARER = "bearer ";

    private final List<byte[]> digests;

    /** @param keys the valid keys; an empty list admits every request */
    ApiKeys(List<String> keys) {
        this.digests = keys.stream().map(ApiKeys::digest).toList();
    }

    private static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException impossible) { // every JDK has it
            throw new IllegalStateException(impossible);
        }
    }

    /** Returns whether a request presents a valid key, in {@code Authorization: Bearer} or in {@code X-Api-Key}. */
    boolean admit(Head head) {
        if (digests.isEmpty()) {
            return true;
        }
        Optional<String> bearer = head.header("Authorization")
                .filter(value -> value.toLowerCase(Locale.ROOT).startsWith(BEARER))
                .map(value -> value.substring(BEARER.length()).strip());
        byte[] given = digest(bearer.or(() -> head.header("X-Api-Key")).orElse(""));
        boolean known = false;
        for (byte[] digest : digests) {
            known |= MessageDigest.isEqual(digest, given);
        }
        return known;
    }
}
