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

/** Serves a model by OpenAI's HTTP interface, until it is told to end. */
public final class ModelServer implements AutoCloseable {
    private static final long POLL_MILLIS = 20;

    private final ReplyQueue queue;
    private final Endpoints endpoints;
    private final Gate gate;
    private final Transport transport;
    private final CountDownLatch ended = new CountDownLatch(1);

    /**
     * Starts to serve.
     *
     * @param served the model, which stays open while it is served
     * @param options the server's settings
     * @throws IOException with one sentence if it cannot listen
     */
    public ModelServer(ServedModel served, ServeOptions options) throws IOException {
        this(served, options, Optional.empty());
    }

    /**
     * Starts to serve, for a front where there is one.
     *
     * @param served the model, which stays open while it is served
     * @param options the server's settings
     * @param front socket of the front that requests come from; empty to listen for them
     * @throws IOException with one sentence if it cannot listen, or the front is not there
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

    /** Returns the port that it listens on; 0 if it answers a front. */
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
        gate.close();
        ended.countDown();
    }

    /**
     * Waits for requests that are being answered.
     *
     * @param most the longest time
     * @return whether all have been answered
     */
    public boolean drain(Duration most) throws InterruptedException {
        return gate.drain(most);
    }

    /** Ends replies that are being computed, and all connections. */
    @Override
    public void close() {
        end();
        if (broken().isPresent()) {
            transport.close(); // a front must not take what follows for answers
        }
        queue.close();
        transport.close();
    }

    /** What is behind the gate. */
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
