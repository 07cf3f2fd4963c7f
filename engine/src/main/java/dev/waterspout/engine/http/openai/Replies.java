package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatReply;
import dev.waterspout.engine.api.QueuedReply;
import dev.waterspout.engine.api.ReplyEvent;
import dev.waterspout.engine.api.ReplyQueue;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.ClientGoneException;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.json.PlainJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** Submits requests to the queue, and sends the replies to the client, as a stream or as one answer. */
final class Replies {
    private final ServedModel served;
    private final ReplyQueue queue;
    private final Metrics metrics;
    private final Duration limit;

    /**
     * @param served the model
     * @param queue queue that computes the replies
     * @param metrics counters of the replies
     * @param limit time limit of a request
     */
    Replies(ServedModel served, ReplyQueue queue, Metrics metrics, Duration limit) {
        this.served = served;
        this.queue = queue;
        this.metrics = metrics;
        this.limit = limit;
    }

    /**
     * Answers a request.
     *
     * @throws ApiException if the request is refused before its answer has begun
     */
    void answer(Exchange exchange, ReplyRequest request, ReplyWriter writer) {
        AtomicBoolean left = new AtomicBoolean();
        try (QueuedReply reply = submit(exchange, request)) {
            exchange.onGone(() -> {
                left.set(true);
                reply.cancel();
            });
            try {
                read(exchange, request, writer, reply);
            } catch (ApiException failure) {
                if (left.get()) {
                    throw new ClientGoneException("the client has closed its connection");
                }
                if (!exchange.begun() || (failure.modelLost() && exchange.repeats())) {
                    throw failure;
                }
                exchange.send(writer.failed(failure));
                exchange.endEvents();
            }
        } catch (ClientGoneException gone) { // a write can fail before the action of onGone has run
            metrics.left();
            throw gone;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw ApiException.server(503, "server_error", "the server is shutting down");
        }
    }

    private QueuedReply submit(Exchange exchange, ReplyRequest request) {
        List<Supplier<ChatReply>> begins = new ArrayList<>();
        for (int i = 0; i < request.options().size(); i++) {
            int choice = i;
            begins.add(() -> served.model()
                    .reply(request.prompts().get(choice), request.options().get(choice), exchange.known(choice)));
        }
        try {
            return queue.submit(begins);
        } catch (RejectedExecutionException full) {
            throw ApiException.server(429, "rate_limit_error", String.valueOf(full.getMessage()));
        }
    }

    private void read(Exchange exchange, ReplyRequest request, ReplyWriter writer, QueuedReply reply)
            throws InterruptedException {
        long begun = System.nanoTime();
        long last = begun;
        int open = request.options().size();
        while (open > 0) {
            Optional<ReplyEvent> event = reply.next(limit.minusNanos(System.nanoTime() - begun));
            if (event.isEmpty()) {
                metrics.late();
                throw ApiException.server(
                        504, "timeout_error", "the reply did not end within " + limit.toSeconds() + " seconds");
            }
            if (request.streams() && !exchange.begun() && !(event.get() instanceof ReplyEvent.Failed)) {
                exchange.beginEvents();
                writer.begin().forEach(exchange::send);
            }
            List<String> events = switch (event.get()) {
                case ReplyEvent.Piece piece -> {
                    long now = System.nanoTime();
                    metrics.piece(last == begun, now - last);
                    last = now;
                    exchange.note(piece.choice(), piece.tokens());
                    yield writer.piece(piece);
                }
                case ReplyEvent.Ended ended -> {
                    open--;
                    metrics.ended(ended);
                    yield writer.ended(ended);
                }
                case ReplyEvent.Failed failed -> throw failure(failed);
            };
            if (request.streams() && !events.isEmpty()) {
                exchange.send(String.join("", events));
            }
        }
        if (request.streams()) {
            exchange.send(String.join("", writer.finish()));
            exchange.endEvents();
        } else {
            exchange.answer(Answer.json(200, PlainJson.text(writer.whole())));
        }
    }

    private static ApiException failure(ReplyEvent.Failed failed) {
        Throwable cause = failed.cause();
        String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        if (failed.modelLost()) {
            return ApiException.modelLost(message);
        }
        return cause instanceof IllegalArgumentException || cause instanceof GrammarException
                ? ApiException.request(400, message)
                : ApiException.server(500, "server_error", message);
    }
}
