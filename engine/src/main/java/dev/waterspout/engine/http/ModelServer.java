package dev.waterspout.engine.http;

import dev.waterspout.engine.api.ReplyQueue;
import dev.waterspout.engine.http.front.FrontLink;
import dev.waterspout.engine.http.openai.Endpoints;
import dev.waterspout.engine.http.openai.ServedModel;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.HttpTransport;
import dev.waterspout.engine.http.transport.Transport;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Serves a model by OpenAI's HTTP interface. */
public final class ModelServer implements AutoCloseable {
    private static final long POLL_MILLIS = 20;

    private final ReplyQueue queue;
    private final Endpoints endpoints;
    private final Gate gate;
    private final Transport transport;
    private final CountDownLatch ended = new CountDownLatch(1);

    /**
     * Starts an HTTP server.
     *
     * @param served the model; the caller closes it after the server
     * @param options the server's settings
     * @throws IOException with one sentence if the address cannot be bound
     */
    public ModelServer(ServedModel served, ServeOptions options) throws IOException {
        this(served, options, Optional.empty());
    }

    /**
     * Starts a server of HTTP, or one that answers the requests of a front.
     *
     * @param served the model; the caller closes it after the server
     * @param options the server's settings
     * @param front Unix socket of the front; empty for an HTTP server
     * @throws IOException with one sentence if the address cannot be bound, or no front listens on the socket
     */
    public ModelServer(ServedModel served, ServeOptions options, Optional<Path> front) throws IOException {
        this.queue = new ReplyQueue(options.parallel(), options.mostWaiting());
        this.endpoints = new Endpoints(served, queue, options.request());
        this.gate = new Gate(new ApiKeys(options.keys()), new Answers());
        try {
            this.transport = front.isPresent()
                    ? FrontLink.connect(front.get(), served.name(), gate, ended::countDown)
                    : HttpTransport.listen(options.address(), gate, options.limits());
        } catch (IOException | RuntimeException failure) {
            queue.close();
            throw failure;
        }
    }

    /** Returns the TCP port of the server; 0 if it answers a front. */
    public int port() {
        return transport.port();
    }

    /** Returns the failure that made the model unusable, such as the loss of a rank; empty if there was none. */
    public Optional<Throwable> broken() {
        return queue.broken();
    }

    /** Waits for {@link #end}, for a front's message to shut down, or for a failure that makes the model unusable. */
    public void await() throws InterruptedException {
        while (!ended.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            if (broken().isPresent()) {
                return;
            }
        }
    }

    /** Refuses new requests, and ends {@link #await}. */
    public void end() {
        gate.close();
        ended.countDown();
    }

    /**
     * Waits for the requests in progress.
     *
     * @param most longest time to wait
     * @return whether no request is left in progress
     */
    public boolean drain(Duration most) throws InterruptedException {
        return gate.drain(most);
    }

    /** Cancels the replies in progress and closes all connections. */
    @Override
    public void close() {
        end();
        if (broken().isPresent()) {
            transport.close(); // first, so that the front does not take the errors of cancelled replies for answers
        }
        queue.close();
        transport.close();
    }

    /** Answers requests with the model. */
    private final class Answers implements Service {
        @Override
        public void answer(Exchange exchange) {
            endpoints.find(exchange.method(), exchange.path()).answer(exchange);
        }

        @Override
        public Answer health() {
            return broken().map(failure -> Answer.json(
                            503,
                            PlainJson.text(PlainJson.object(
                                    "status", "failed", "message", String.valueOf(failure.getMessage())))))
                    .orElseGet(() -> Answer.json(200, PlainJson.text(PlainJson.object("status", "ok"))));
        }

        @Override
        public void count(String path, int status) {
            endpoints.count(path, status);
        }
    }
}
