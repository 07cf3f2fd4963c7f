package dev.waterspout.engine.http.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.api.ReplyQueue;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.ClientGoneException;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.testing.TestServer;
import dev.waterspout.engine.testing.TestServer.Setup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that leave are counted, whichever shows first that a client has left. */
@Timeout(600)
class RepliesTest {
    private static final String LEFT = "waterspout_clients_left_total 1\n";

    /** A client of which only a failing write shows that it has left: no action of {@link #onGone} runs. */
    private static class Gone implements Exchange {
        private final String body;
        private boolean begun;

        Gone(String body) {
            this.body = body;
        }

        @Override
        public String method() {
            return "POST";
        }

        @Override
        public String path() {
            return "/v1/completions";
        }

        @Override
        public Optional<String> header(String name) {
            return Optional.empty();
        }

        @Override
        public byte[] body() {
            return body.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public void onGone(Runnable action) {}

        @Override
        public void answer(Answer answer) {
            throw new ClientGoneException("the write failed");
        }

        @Override
        public void beginEvents() {
            begun = true;
        }

        @Override
        public boolean begun() {
            return begun;
        }

        @Override
        public void send(String event) {
            throw new ClientGoneException("the write failed");
        }

        @Override
        public void endEvents() {
            throw new ClientGoneException("the write failed");
        }

        @Override
        public Stamp stamp() {
            return new Stamp(1, 0);
        }
    }

    /** A client whose connection closes before its reply begins. */
    private static final class Closed extends Gone {
        Closed(String body) {
            super(body);
        }

        @Override
        public void onGone(Runnable action) {
            action.run();
        }
    }

    private static String body(boolean streams) {
        return "{\"prompt\":\"We\",\"max_tokens\":4,\"stream\":" + streams + "}";
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFailedWriteCounts(boolean streams) throws IOException {
        countsOne(new Gone(body(streams)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClosedConnectionCounts(boolean streams) throws IOException {
        countsOne(new Closed(body(streams)));
    }

    private static void countsOne(Exchange exchange) throws IOException {
        try (TestServer server = TestServer.start(Setup.USUAL);
                ReplyQueue queue = new ReplyQueue(1, 16)) {
            Endpoints endpoints = new Endpoints(server.served(), queue, Setup.USUAL.request());
            Endpoints.Endpoint endpoint = endpoints.find(exchange.method(), exchange.path());
            assertThatThrownBy(() -> endpoint.answer(exchange)).isInstanceOf(ClientGoneException.class);
            assertThat(new String(endpoints.metrics().body(), StandardCharsets.UTF_8))
                    .contains(LEFT);
        }
    }
}
