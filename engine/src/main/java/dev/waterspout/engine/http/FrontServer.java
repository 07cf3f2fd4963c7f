package dev.waterspout.engine.http;

import dev.waterspout.engine.http.front.Ranks;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.HttpTransport;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** Serves a model whose ranks run in child processes, which are restarted when a rank dies. */
public final class FrontServer implements AutoCloseable {
    private final Ranks ranks;
    private final Duration limit;
    private final Gate gate;
    private final HttpTransport transport;
    private final CountDownLatch ended = new CountDownLatch(1);

    /**
     * Starts the server.
     *
     * @param ranks ranks that are up; the caller closes them after the server
     * @param options the server's settings
     * @throws IOException with one sentence if the address cannot be bound
     */
    public FrontServer(Ranks ranks, ServeOptions options) throws IOException {
        this.ranks = ranks;
        this.limit = options.request();
        this.gate = new Gate(new ApiKeys(options.keys()), new Forwards());
        this.transport = HttpTransport.listen(options.address(), gate, options.limits());
    }

    /** Returns the TCP port of the server. */
    public int port() {
        return transport.port();
    }

    /** Waits for {@link #end}. */
    public void await() throws InterruptedException {
        ended.await();
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

    @Override
    public void close() {
        end();
        transport.close();
    }

    /** Forwards requests to rank 0. */
    private final class Forwards implements Service {
        @Override
        public void answer(Exchange exchange) {
            ranks.answer(exchange, limit);
        }

        @Override
        public Answer health() {
            String status = switch (ranks.state()) {
                case UP -> "ok";
                case STARTING, RESTARTING -> "restarting";
                case ENDED -> "failed";
            };
            int restarts = ranks.restarted();
            return Answer.json(
                    status.equals("ok") ? 200 : 503,
                    PlainJson.text(
                            status.equals("failed")
                                    ? PlainJson.object(
                                            "status", status, "restarts", restarts, "message", "the ranks have ended")
                                    : PlainJson.object("status", status, "restarts", restarts)));
        }

        @Override
        public void count(String path, int status) {
            // Rank 0 counts the requests that it answers; a front has no metrics of its own.
        }
    }
}
