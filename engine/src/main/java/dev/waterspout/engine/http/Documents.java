package dev.waterspout.engine.http;

import dev.waterspout.engine.http.transport.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Files that a server hands out. They say nothing of the model or of other requests: the page for chatting, which loads
 * nothing from anywhere and speaks with its own server alone, and the description of the interface.
 */
final class Documents {
    private static final Map<String, String> PAGE_HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src"
                    + " 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "Cache-Control",
            "no-cache");

    private final Map<String, Answer> answers = Map.of(
            "/",
            new Answer(200, "text/html; charset=utf-8", read("chat.html"), PAGE_HEADERS),
            "/openapi.json",
            new Answer(200, "application/json", read("openapi.json"), Map.of()));

    private static byte[] read(String file) {
        try (InputStream stream = Objects.requireNonNull(Documents.class.getResourceAsStream(file))) {
            return stream.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Returns the paths of all files. */
    Set<String> paths() {
        return answers.keySet();
    }

    /** Returns the file that a request asks for, if it asks for one. */
    Optional<Answer> find(String method, String path) {
        return method.equals("GET") ? Optional.ofNullable(answers.get(path)) : Optional.empty();
    }
}
