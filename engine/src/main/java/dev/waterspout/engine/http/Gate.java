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
 * What every request passes: the check of its key and type, and the refusal of requests by a server that ends. Files
 * are handed out here; all else is a {@link Service}'s.
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

    /** From now on requests are refused. */
    void close() {
        draining = true;
    }

    /** Waits for requests that are being answered. {@return whether all have been answered} */
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
            return Optional.of(
                    ApiException.coded(401, "invalid_api_key", "the request has no API key that this server knows"));
        }
        if (!open && draining) {
            return Optional.of(ApiException.server(503, "server_error", "the server ends"));
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

    /** Returns whether a path is answered without a key: it says nothing of the model or of other requests. */
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

    private static void refuse(Exchange exchange, ApiException failure) {
        if (failure.modelLost() && exchange.repeats()) {
            return; // it is asked again
        }
        try {
            if (!exchange.begun()) {
                exchange.answer(failure.answer());
            }
        } catch (ClientGoneException left) {
            // Nobody reads why.
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
