package dev.waterspout.engine.http.front;

import dev.waterspout.engine.http.openai.ApiException;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.ClientGoneException;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to rank 0, and its answer on the way back. Where rank 0 is lost, the request is asked again: the
 * tokens of the reply that came are sent along, and the events that the client has are left out of the new answer,
 * which begins with the same ones.
 */
@SuppressWarnings("ReferenceEquality") // two frames stand for what has ended, whatever others are equal to them
final class Forwarding {
    /** Rank 0 has gone. */
    static final Frame LOST = Frame.of(Frame.Kind.END, 0);
    /** The client has gone. */
    private static final Frame LEFT = Frame.of(Frame.Kind.GONE, 0);
    /** Headers of requests that endpoints look at. */
    private static final List<String> HEADERS = List.of("Content-Type");

    private final Exchange client;
    private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private final Map<Integer, List<Object>> known = new TreeMap<>();
    /** Events that the client has. */
    private int sent;

    Forwarding(Exchange client) {
        this.client = client;
    }

    /** {@return where frames that belong to it are put} */
    BlockingQueue<Frame> frames() {
        return frames;
    }

    /** The client has left; called on any thread. */
    void leave() {
        frames.add(LEFT);
    }

    /**
     * Asks, and passes the answer on.
     *
     * @param wire to rank 0
     * @param number that frames of the answer bear
     * @return whether it was answered; otherwise it can be asked again
     * @throws ClientGoneException if the client has left
     */
    boolean ask(Wire wire, long number) throws InterruptedException {
        frames.removeIf(frame -> frame != LEFT);
        try {
            wire.write(asking(number));
        } catch (IOException lost) {
            return false;
        }
        try {
            return passOn(number);
        } catch (ClientGoneException left) {
            try {
                wire.write(Frame.of(Frame.Kind.GONE, number));
            } catch (IOException lost) {
                // Nobody computes it any more.
            }
            throw left;
        }
    }

    private Frame asking(long number) {
        Map<String, @Nullable Object> headers = PlainJson.object();
        HEADERS.forEach(header -> client.header(header).ifPresent(value -> headers.put(header, value)));
        List<Object> tokens = new ArrayList<>();
        for (int choice = 0; known.containsKey(choice); choice++) {
            tokens.add(Objects.requireNonNull(known.get(choice)));
        }
        return Frame.of(
                        Frame.Kind.ASK,
                        number,
                        "method",
                        client.method(),
                        "path",
                        client.path(),
                        "headers",
                        headers,
                        "seed",
                        client.stamp().seed(),
                        "created",
                        client.stamp().created(),
                        "known",
                        tokens)
                .with(client.body());
    }

    /** Passes on what comes. {@return false if rank 0 is lost} */
    private boolean passOn(long number) throws InterruptedException {
        Map<Integer, Integer> noted = new TreeMap<>();
        int came = 0;
        while (true) {
            Frame frame = frames.take();
            if (frame == LOST) {
                return false;
            }
            if (frame == LEFT) {
                throw new ClientGoneException("the client has left");
            }
            if (frame.number() != number) {
                continue; // of an earlier attempt
            }
            switch (frame.kind()) {
                case NOTE -> note(frame, noted);
                case BEGIN -> {
                    if (!client.begun()) {
                        client.beginEvents();
                    }
                }
                case EVENT -> {
                    if (came++ >= sent) {
                        client.send(frame.text());
                        sent++;
                    }
                }
                case DONE -> {
                    client.endEvents();
                    return true;
                }
                case ANSWER -> {
                    answer(frame);
                    return true;
                }
                default -> throw new IllegalStateException("rank 0 does not send " + frame.kind());
            }
        }
    }

    private void answer(Frame frame) {
        Answer answer = new Answer(
                (int) frame.integer("status"), frame.string("type"), frame.payload(), frame.strings("headers"));
        if (client.begun()) {
            // What was begun can only be refused in a stream where ranks disagree with their predecessors.
            client.send("data: " + frame.text() + "\n\n");
            client.endEvents();
        } else {
            client.answer(answer);
        }
    }

    /** Tokens that were known already come again. */
    private void note(Frame frame, Map<Integer, Integer> noted) {
        int choice = (int) frame.integer("choice");
        List<Object> tokens = known.computeIfAbsent(choice, _ -> new ArrayList<>());
        for (Object token : (List<?>) Objects.requireNonNull(frame.fields().get("tokens"))) {
            int place = noted.merge(choice, 1, Integer::sum) - 1;
            if (place == tokens.size()) {
                tokens.add(Objects.requireNonNull(token));
            } else if (!tokens.get(place).equals(token)) {
                throw ApiException.server(
                        500,
                        "server_error",
                        "a rank was lost, and the ranks that were started in its place compute another reply");
            }
        }
    }

    /** Tells the client that there is no answer, in the stream if that has begun. */
    void fail(ApiException failure) {
        if (!client.begun()) {
            throw failure;
        }
        client.send("data: " + PlainJson.text(failure.body()) + "\n\n");
        client.endEvents();
    }
}
