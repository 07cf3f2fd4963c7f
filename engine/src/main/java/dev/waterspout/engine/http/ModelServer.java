package dev.waterspout.engine.http;

import dev.waterspout.engine.api.ReplyQueue;
import dev.waterspout.engine.http.openai.ApiException;
import dev.waterspout.engine.http.openai.Endpoints;
import dev.waterspout.engine.http.openai.ServedModel;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.ClientGoneException;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.Handler;
import dev.waterspout.engine.http.transport.Head;
import dev.waterspout.engine.http.transport.HttpTransport;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Serves a model by OpenAI's HTTP interface, until it is told to end. */
public final class ModelServer implements AutoCloseable {
    private static final long POLL_MILLIS = 20;

    private final Documents documents = new Documents();
    private final ReplyQueue queue;
    private final Endpoints endpoints;
    private final ApiKeys keys;
    private final HttpTransport transport;
    private final AtomicInteger answering = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean draining;

    /**
     * Starts to serve.
     *
     * @param served the model; stays open while it is served
     * @param options how
     * @throws IOException with one sentence if it cannot listen
     */
    public ModelServer(ServedModel served, ServeOptions options) throws IOException {
        this.queue = new ReplyQueue(options.parallel(), options.mostWaiting());
        this.endpoints = new Endpoints(served, queue, options.request());
        this.keys = new ApiKeys(options.keys());
        try {
            this.transport = HttpTransport.listen(options.address(), new Requests(), options.limits());
        } catch (IOException | RuntimeException failure) {
            queue.close();
            throw failure;
        }
    }

    /** Returns the port that it listens on. */
    public int port() {
        return transport.port();
    }

    /** Returns the failure after which the model cannot be used, such as the loss of a rank, if there was one. */
    public Optional<Throwable> broken() {
        return queue.broken();
    }

    /**
     * Waits until the server is told to end, or the model cannot be used any more.
     */
    public void await() throws InterruptedException {
        while (!ended.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            if (broken().isPresent()) {
                return;
            }
        }
    }

    /** Refuses new requests, and ends {@link #await}. */
    public void end() {
        draining = true;
        ended.countDown();
    }

    /**
     * Waits for requests that are being answered.
     *
     * @param most the longest time
     * @return whether all have been answered
     */
    public boolean drain(Duration most) throws InterruptedException {
        draining = true;
        long deadline = System.nanoTime() + most.toNanos();
        while (answering.get() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(POLL_MILLIS);
        }
        return answering.get() == 0;
    }

    /** Ends replies that are being computed, and all connections. */
    @Override
    public void close() {
        end();
        queue.close();
        transport.close();
    }

    /** Returns whether a path is answered without a key: it says nothing of the model or of other requests. */
    private boolean isOpen(String path) {
        return path.equals(Endpoints.HEALTH) || documents.paths().contains(path);
    }

    /** What the transport asks. */
    private final class Requests implements Handler {
        @Override
        public Optional<Answer> screen(Head head) {
            Optional<ApiException> refusal = refusal(head);
            refusal.ifPresent(failure -> endpoints.count(head.path(), failure.status()));
            return refusal.map(failure ->
                    failure.status() == 401 ? failure.answer().with("WWW-Authenticate", "Bearer") : failure.answer());
        }

        private Optional<ApiException> refusal(Head head) {
            boolean open = isOpen(head.path());
            if (!open && !keys.admit(head)) {
                return Optional.of(ApiException.coded(
                        401, "invalid_api_key", "the request has no API key that this server knows"));
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

        @Override
        public void handle(Exchange exchange) {
            answering.incrementAndGet();
            int status = 200;
            try {
                if (exchange.path().equals(Endpoints.HEALTH)) {
                    Answer health = health();
                    status = health.status();
                    exchange.answer(health);
                } else {
                    Optional<Answer> document = documents.find(exchange.method(), exchange.path());
                    if (document.isPresent()) {
                        exchange.answer(document.get());
                    } else {
                        endpoints.find(exchange.method(), exchange.path()).answer(exchange);
                    }
                }
            } catch (ApiException failure) {
                status = failure.status();
                answer(exchange, failure);
            } catch (ClientGoneException left) {
                status = 499;
            } catch (RuntimeException | Error failure) {
                status = 500;
                answer(exchange, ApiException.server(500, "server_error", "internal failure: " + failure));
            } finally {
                endpoints.count(exchange.path(), status);
                answering.decrementAndGet();
            }
        }

        private void answer(Exchange exchange, ApiException failure) {
            try {
                if (!exchange.begun()) {
                    exchange.answer(failure.answer());
                }
            } catch (ClientGoneException left) {
                // Nobody reads why.
            }
        }

        @Override
        public Answer refuse(int status, String message) {
            return ApiException.request(status, message).answer();
        }
    }

    private Answer health() {
        if (broken().isPresent()) {
            String message = String.valueOf(broken().get().getMessage());
            return Answer.json(503, PlainJson.text(PlainJson.object("status", "failed", "message", message)));
        }
        return draining
                ? Answer.json(503, PlainJson.text(PlainJson.object("status", "ending")))
                : Answer.json(200, PlainJson.text(PlainJson.object("status", "ok")));
    }
}
