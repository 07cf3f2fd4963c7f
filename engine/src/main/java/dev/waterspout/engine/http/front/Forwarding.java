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
 * A request that a front forwards to rank 0, and the state of its answer. If rank 0 dies, the request is sent again to
 * the next rank 0, together with the tokens of the reply that were received so far. The new answer begins with the same
 * events as the old one; the events that the client has received are skipped.
 */
@SuppressWarnings("ReferenceEquality") // LOST and LEFT are compared by identity: received frames may equal them
final class Forwarding {
    /** Put among the frames when the connection with rank 0 ends. */
    static final Frame LOST = Frame.of(Frame.Kind.END, 0);
    /** Put among the frames when the client closes its connection. */
    private static final Frame LEFT = Frame.of(Frame.Kind.GONE, 0);
    /** Headers that are forwarded: those that handlers of requests read. */
    private static final List<String> HEADERS = List.of("Content-Type");

    private final Exchange client;
    private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private final Map<Integer, List<Object>> known = new TreeMap<>();
    /** Number of events that the client has received. */
    private int sent;

    Forwarding(Exchange client) {
        this.client = client;
    }

    /** {@return the queue for the frames of the answer} */
    BlockingQueue<Frame> frames() {
        return frames;
    }

    /** Tells the forwarding thread that the client has closed its connection. Called on any thread. */
    void leave() {
        frames.add(LEFT);
    }

    /**
     * Sends the request to rank 0, and its answer to the client.
     *
     * @param wire connection with rank 0
     * @param number number of this attempt, which is the number of the answer's frames
     * @return whether the request was answered; if not, rank 0 was lost and the request can be sent again
     * @throws ClientGoneException if the client has closed its connection
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
                // Rank 0 is lost, so there is no computation left to cancel.
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

    /** Handles the frames of the answer. {@return false if rank 0 is lost} */
    private boolean passOn(long number) throws InterruptedException {
        Map<Integer, Integer> noted = new TreeMap<>();
        int came = 0;
        while (true) {
            Frame frame = frames.take();
            if (frame == LOST) {
                return false;
            }
            if (frame == LEFT) {
                throw new ClientGoneException("the client has closed its connection");
            }
            if (frame.number() != number) {
                continue; // a frame of an earlier attempt
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
            // The stream has begun, so the answer is an error: the new rank 0 refuses what the old one had accepted.
            client.send("data: " + frame.text() + "\n\n");
            client.endEvents();
        } else {
            client.answer(answer);
        }
    }

    /**
     * Adds the tokens of a frame to those received. A new attempt repeats the tokens of the earlier one, which must be
     * equal.
     */
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
                        "a rank died, and the restarted ranks computed different tokens for the same reply");
            }
        }
    }
}
