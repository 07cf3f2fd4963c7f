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
 * The static files of a server: the chat page and the OpenAPI description of the interface. They contain nothing about
 * the model or about other requests. The page loads nothing from other hosts, and its content security policy allows
 * connections to its own server only.
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

    /** Returns the file at a path; empty if the method is not GET or no file has this path. */
    Optional<Answer> find(String method, String path) {
        return method.equals("GET") ? Optional.ofNullable(answers.get(path)) : Optional.empty();
    }
}
