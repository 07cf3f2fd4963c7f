package dev.waterspout.engine.http;

import dev.waterspout.engine.http.openai.ApiException;
import dev.waterspout.engine.http.openai.Endpoints;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.ClientGoneException;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.Handler;
import dev.waterspout.engine.http.transport.Head;
import dev.waterspout.engine.json.PlainJson;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The first handler of every request. It checks the API key and the content type, and refuses requests while the server
 * shuts down. It answers requests for static files and for the server's health; a {@link Service} answers all others.
 */
final class Gate implements Handler {
    private static final long POLL_MILLIS = 20;

    private final Documents documents = new Documents();
    private final ApiKeys keys;
    private final Service service;
    private final AtomicInteger answering = new AtomicInteger();
    private volatile boolean draining;

    Gate(ApiKeys keys, Service service) {
        this.keys = keys;
        this.service = service;
    }

    /** Refuses all further requests. */
    void close() {
        draining = true;
    }

    /** Waits for the requests in progress. {@return whether no request is left in progress} */
    boolean drain(Duration most) throws InterruptedException {
        draining = true;
        long deadline = System.nanoTime() + most.toNanos();
        while (answering.get() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(POLL_MILLIS);
        }
        return answering.get() == 0;
    }

    @Override
    public Optional<Answer> screen(Head head) {
        Optional<ApiException> refusal = refusal(head);
        refusal.ifPresent(failure -> service.count(head.path(), failure.status()));
        return refusal.map(failure ->
                failure.status() == 401 ? failure.answer().with("WWW-Authenticate", "Bearer") : failure.answer());
    }

    private Optional<ApiException> refusal(Head head) {
        boolean open = isOpen(head.path());
        if (!open && !keys.admit(head)) {
            return Optional.of(ApiException.coded(401, "invalid_api_key", "the request has no valid API key"));
        }
        if (!open && draining) {
            return Optional.of(ApiException.server(503, "server_error", "the server is shutting down"));
        }
        boolean json = head.header("Content-Type")
                .map(type -> type.toLowerCase(Locale.ROOT))
                .filter(type -> type.startsWith("application/json"))
                .isPresent();
        if (head.method().equals("POST") && !json) {
            return Optional.of(ApiException.request(
                    415, "the request's Content-Type is not application/json, the only one allowed"));
        }
        return Optional.empty();
    }

    /** Returns whether a path needs no API key, since its content tells nothing about the model or other requests. */
    private boolean isOpen(String path) {
        return path.equals(Endpoints.HEALTH) || documents.paths().contains(path);
    }

    @Override
    public void handle(Exchange exchange) {
        answering.incrementAndGet();
        int status = 200;
        try {
            Optional<Answer> answer = exchange.path().equals(Endpoints.HEALTH)
                    ? Optional.of(health())
                    : documents.find(exchange.method(), exchange.path());
            if (answer.isPresent()) {
                status = answer.get().status();
                exchange.answer(answer.get());
            } else {
                service.answer(exchange);
            }
        } catch (ApiException failure) {
            status = failure.status();
            refuse(exchange, failure);
        } catch (ClientGoneException left) {
            status = 499;
        } catch (RuntimeException | Error failure) {
            status = 500;
            refuse(exchange, ApiException.server(500, "server_error", "internal failure: " + failure));
        } finally {
            service.count(exchange.path(), status);
            answering.decrementAndGet();
        }
    }

    /** Sends an error: as the answer, or as the last event of a stream that has begun. */
    private static void refuse(Exchange exchange, ApiException failure) {
        if (failure.modelLost() && exchange.repeats()) {
            return; // the front sends the request again
        }
        try {
            if (exchange.begun()) {
                exchange.send("data: " + PlainJson.text(failure.body()) + "\n\n");
                exchange.endEvents();
            } else {
                exchange.answer(failure.answer());
            }
        } catch (ClientGoneException left) {
            // The client has closed its connection, so the refusal cannot be sent.
        }
    }

    private Answer health() {
        return draining && service.health().status() == 200
                ? Answer.json(503, PlainJson.text(PlainJson.object("status", "ending")))
                : service.health();
    }

    @Override
    public Answer refuse(int status, String message) {
        return ApiException.request(status, message).answer();
    }
}
