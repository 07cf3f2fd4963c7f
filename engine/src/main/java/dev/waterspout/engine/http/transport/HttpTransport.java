package dev.waterspout.engine.http.transport;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server of HTTP/1.1 and HTTP/2. One event loop reads all requests; each request is answered on its own virtual
 * thread. A closed connection is noticed at once, whether or not an answer is being written to it.
 */
public final class HttpTransport implements Transport {
    private static final long SWEEP_MILLIS = 1000;
    /** Time that a refused client has to read the answer before its connection is closed. */
    private static final long LINGER_MILLIS = 2000;

    private static final long START_SECONDS = 30;

    private final Vertx vertx;
    private final Handler handler;
    private final Limits limits;
    private final HttpServer server;
    private final ExecutorService requests = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("request-", 0).factory());
    private final Map<HttpConnection, Use> connections = new ConcurrentHashMap<>();

    /** The requests of a connection. Only the event loop reads and writes it. */
    private static final class Use {
        private int requests;
        private long idleSince = System.nanoTime();
    }

    private HttpTransport(Address address, Handler handler, Limits limits) {
        this.handler = handler;
        this.limits = limits;
        this.vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setUseDaemonThread(true)
                .setFileSystemOptions(new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false)));
        HttpServerOptions options = new HttpServerOptions()
                .setHost(address.host())
                .setPort(address.port())
                .setMaxHeaderSize(16 << 10)
                .setMaxInitialLineLength(8 << 10)
                .setHandle100ContinueAutomatically(true);
        address.tls()
                .ifPresent(tls -> options.setSsl(true)
                        .setUseAlpn(true)
                        .setKeyCertOptions(new PemKeyCertOptions()
                                .setCertPath(tls.certificate().toString())
                                .setKeyPath(tls.key().toString())));
        this.server = vertx.createHttpServer(options)
                .connectionHandler(this::connected)
                .requestHandler(this::accept);
    }

    /**
     * Starts a server.
     *
     * @param address address of the server
     * @param handler handler of all requests
     * @param limits limits on what one client may use
     * @throws IOException with one sentence if the address cannot be bound
     */
    public static HttpTransport listen(Address address, Handler handler, Limits limits) throws IOException {
        HttpTransport transport = new HttpTransport(address, handler, limits);
        try {
            wait(transport.server.listen(), START_SECONDS);
        } catch (ExecutionException | TimeoutException failure) {
            transport.close();
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            throw new IOException(
                    "cannot listen on " + address.host() + ", port " + address.port() + ": " + cause.getMessage(),
                    cause);
        }
        var _ = transport.vertx.setPeriodic(SWEEP_MILLIS, _ -> transport.sweep());
        return transport;
    }

    private static void wait(Future<?> future, long seconds) throws ExecutionException, TimeoutException {
        try {
            var _ = future.toCompletionStage().toCompletableFuture().get(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public int port() {
        return server.actualPort();
    }

    private void connected(HttpConnection connection) {
        connections.put(connection, new Use());
        connection.closeHandler(_ -> connections.remove(connection));
    }

    /** Closes the connections that have had no request for longer than the limit. */
    private void sweep() {
        long now = System.nanoTime();
        connections.forEach((connection, use) -> {
            if (use.requests == 0 && now - use.idleSince > limits.idle().toNanos()) {
                var _ = connection.close();
            }
        });
    }

    private void accept(HttpServerRequest request) {
        HttpExchange exchange = new HttpExchange(request, limits.write());
        Use use = connections.computeIfAbsent(request.connection(), _ -> new Use());
        use.requests++;
        request.response().exceptionHandler(_ -> exchange.leave());
        request.response().closeHandler(_ -> exchange.leave());
        request.response().endHandler(_ -> {
            use.requests--;
            use.idleSince = System.nanoTime();
        });
        Optional<Answer> refused = handler.screen(exchange);
        if (refused.isPresent()) {
            refuse(request, refused.get());
        } else if (declaredLength(request) > limits.bodyBytes()) {
            refuse(request, tooLarge());
        } else {
            read(request, exchange);
        }
    }

    private static long declaredLength(HttpServerRequest request) {
        String length = request.getHeader("Content-Length");
        return length != null && length.matches("[0-9]{1,18}") ? Long.parseLong(length) : 0;
    }

    private void read(HttpServerRequest request, HttpExchange exchange) {
        Buffer body = Buffer.buffer();
        long timer = vertx.setTimer(
                limits.body().toMillis(),
                _ -> refuse(
                        request,
                        handler.refuse(
                                408,
                                "the request's body was not received within "
                                        + limits.body().toSeconds() + " seconds")));
        request.exceptionHandler(_ -> {
            vertx.cancelTimer(timer);
            exchange.leave();
        });
        request.handler(chunk -> {
            if (body.length() + chunk.length() > limits.bodyBytes()) {
                vertx.cancelTimer(timer);
                refuse(request, tooLarge());
            } else {
                body.appendBuffer(chunk);
            }
        });
        request.endHandler(_ -> {
            if (vertx.cancelTimer(timer)) {
                exchange.body(body);
                requests.execute(() -> handler.handle(exchange));
            }
        });
    }

    private Answer tooLarge() {
        return handler.refuse(413, "the request's body has more than " + limits.bodyBytes() + " bytes");
    }

    /**
     * Answers on the event loop, without a handler's thread. The rest of the request's body is discarded, and the
     * connection is closed.
     */
    private void refuse(HttpServerRequest request, Answer answer) {
        request.handler(_ -> {});
        request.endHandler(_ -> {});
        if (request.response().ended() || request.response().closed()) {
            return;
        }
        boolean bodyFollows = !request.isEnded()
                && (request.getHeader("Content-Length") != null || request.getHeader("Transfer-Encoding") != null);
        request.response().setStatusCode(answer.status()).putHeader("Content-Type", answer.contentType());
        answer.headers().forEach(request.response()::putHeader);
        if (bodyFollows && request.version() != HttpVersion.HTTP_2) {
            request.response().putHeader("Connection", "close");
        }
        Future<Void> written = request.response().end(Buffer.buffer(answer.body()));
        if (bodyFollows) {
            written.onComplete(_ -> vertx.setTimer(LINGER_MILLIS, _ -> {
                if (!request.isEnded()) {
                    var _ = request.connection().close();
                }
            }));
        }
    }

    @Override
    public void close() {
        try {
            wait(server.close(), START_SECONDS);
            wait(vertx.close(), START_SECONDS);
        } catch (ExecutionException | TimeoutException ignored) {
            // Nothing is left to do for a server that does not close: the process ends, or a test goes on.
        }
        requests.shutdownNow();
    }
}
