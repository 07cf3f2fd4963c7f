package dev.waterspout.engine.http;

import dev.waterspout.engine.http.transport.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;

/** The page for chatting: one file that loads nothing from anywhere and speaks with its own server alone. */
final class ChatPage {
    static final String PATH = "/";

    private static final String FILE = "chat.html";
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self';"
                    + " form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "Cache-Control",
            "no-cache");

    private final Answer answer;

    ChatPage() {
        try (InputStream stream = Objects.requireNonNull(ChatPage.class.getResourceAsStream(FILE))) {
            this.answer = new Answer(200, "text/html; charset=utf-8", stream.readAllBytes(), HEADERS);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Returns the page. */
    Answer answer() {
        return answer;
    }
}
