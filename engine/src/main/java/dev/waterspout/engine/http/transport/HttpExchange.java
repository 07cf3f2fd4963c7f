package dev.waterspout.engine.http.transport;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A request received over HTTP. */
final class HttpExchange implements Exchange {
    private final Stamp stamp = Stamp.now();
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Duration writeLimit;
    private final GoneActions goneActions = new GoneActions();
    private Buffer body = Buffer.buffer();

    HttpExchange(HttpServerRequest request, Duration writeLimit) {
        this.request = request;
        this.response = request.response();
        this.writeLimit = writeLimit;
    }

    void body(Buffer whole) {
        body = whole;
    }

    @Override
    public String method() {
        return request.method().name();
    }

    @Override
    public String path() {
        return String.valueOf(request.path());
    }

    @Override
    public Optional<String> header(String name) {
        return Optional.ofNullable(request.getHeader(name));
    }

    @Override
    public byte[] body() {
        return body.getBytes();
    }

    @Override
    public void onGone(Runnable action) {
        goneActions.add(action);
    }

    /** Runs the actions of {@link #onGone}: the client has closed its connection. */
    void leave() {
        goneActions.run();
    }

    @Override
    public void answer(Answer answer) {
        head(answer);
        end(response.end(Buffer.buffer(answer.body())));
    }

    @Override
    public Stamp stamp() {
        return stamp;
    }

    private void head(Answer answer) {
        response.setStatusCode(answer.status()).putHeader("Content-Type", answer.contentType());
        answer.headers().forEach(response::putHeader);
    }

    @Override
    public void beginEvents() {
        response.setStatusCode(200)
                .putHeader("Content-Type", "text/event-stream; charset=utf-8")
                .putHeader("Cache-Control", "no-cache")
                .putHeader("X-Accel-Buffering", "no")
                .setChunked(true);
    }

    @Override
    public boolean begun() {
        return response.headWritten() || response.isChunked();
    }

    @Override
    public void send(String event) {
        await(response.write(Buffer.buffer(event)));
    }

    @Override
    public void endEvents() {
        end(response.end());
    }

    private void end(Future<Void> written) {
        goneActions.end();
        await(written);
    }

    private void await(Future<Void> written) {
        try {
            written.toCompletionStage().toCompletableFuture().get(writeLimit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            throw new ClientGoneException("the client has closed its connection: " + failed.getCause());
        } catch (TimeoutException late) {
            var _ = request.connection().close();
            throw new ClientGoneException("the client has read nothing for " + writeLimit.toSeconds() + " seconds");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ClientGoneException("the server is shutting down");
        }
    }
}
