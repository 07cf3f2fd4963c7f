package dev.waterspout.engine.http.front;

import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.ClientGoneException;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.GoneActions;
import dev.waterspout.engine.http.transport.Stamp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A request received from a front. */
final class LinkedExchange implements Exchange {
    private final Frame asked;
    private final Wire wire;
    private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final GoneActions goneActions = new GoneActions();
    private volatile boolean begun;

    LinkedExchange(Frame asked, Wire wire) {
        this.asked = asked;
        this.wire = wire;
        headers.putAll(asked.strings("headers"));
    }

    @Override
    public String method() {
        return asked.string("method");
    }

    @Override
    public String path() {
        return asked.string("path");
    }

    @Override
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    @Override
    public byte[] body() {
        return asked.payload();
    }

    @Override
    public Stamp stamp() {
        return new Stamp(asked.integer("seed"), asked.integer("created"));
    }

    @Override
    public boolean repeats() {
        return true;
    }

    @Override
    public int[] known(int choice) {
        return asked.fields().get("known") instanceof List<?> all
                        && choice < all.size()
                        && all.get(choice) instanceof List<?> tokens
                ? tokens.stream().mapToInt(token -> ((Long) token).intValue()).toArray()
                : new int[0];
    }

    @Override
    public void note(int choice, List<Integer> tokens) {
        if (!tokens.isEmpty()) {
            write(Frame.of(Frame.Kind.NOTE, asked.number(), "choice", choice, "tokens", tokens));
        }
    }

    @Override
    public void onGone(Runnable action) {
        goneActions.add(action);
    }

    /** Runs the actions of {@link #onGone}: the client has closed its connection, or the front is lost. */
    void leave() {
        goneActions.run();
    }

    @Override
    public void answer(Answer answer) {
        begun = true;
        write(Frame.of(
                        Frame.Kind.ANSWER,
                        asked.number(),
                        "status",
                        answer.status(),
                        "type",
                        answer.contentType(),
                        "headers",
                        answer.headers())
                .with(answer.body()));
    }

    @Override
    public void beginEvents() {
        begun = true;
        write(Frame.of(Frame.Kind.BEGIN, asked.number()));
    }

    @Override
    public boolean begun() {
        return begun;
    }

    @Override
    public void send(String event) {
        write(Frame.of(Frame.Kind.EVENT, asked.number()).with(event.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public void endEvents() {
        write(Frame.of(Frame.Kind.DONE, asked.number()));
    }

    private void write(Frame frame) {
        if (goneActions.hasRun()) {
            throw new ClientGoneException("the client has closed its connection");
        }
        try {
            wire.write(frame);
        } catch (IOException lost) {
            throw new ClientGoneException("the connection with the front is lost: " + lost.getMessage());
        }
    }
}
