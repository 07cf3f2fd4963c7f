package dev.waterspout.engine.api;

import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Failed;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ChatException;
import dev.waterspout.engine.generate.ChosenToken;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.engine.model.ModelException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Replies that a {@link ReplyQueue} computes, one after the other. One thread reads them; any thread may close them,
 * which ends them before the next forward pass.
 */
public final class QueuedReply implements AutoCloseable {
    private final List<Supplier<ChatReply>> begins;
    private final Consumer<QueuedReply> withdraw;
    private final BlockingQueue<ReplyEvent> events = new LinkedBlockingQueue<>();
    private final long submitted = System.nanoTime();
    private volatile boolean closed;
    private @Nullable ChatReply current;

    QueuedReply(List<Supplier<ChatReply>> begins, Consumer<QueuedReply> withdraw) {
        this.begins = List.copyOf(begins);
        this.withdraw = withdraw;
    }

    /** Computes all replies; returns the failure after which the model cannot be used, if there is one. */
    Optional<Throwable> run() {
        for (int choice = 0; choice < begins.size() && !closed; choice++) {
            try {
                compute(choice, begins.get(choice));
            } catch (IllegalArgumentException
                    | ChatException
                    | GenerationException
                    | GrammarException
                    | ModelException refused) {
                events.add(new Failed(refused, false));
                return Optional.empty();
            } catch (RuntimeException | Error failure) {
                events.add(new Failed(failure, true));
                return Optional.of(failure);
            }
        }
        if (closed) {
            withdrawn();
        }
        return Optional.empty();
    }

    /** Tells the reader that nothing more is computed. */
    void withdrawn() {
        events.add(new Failed(new CancellationException("the reply was cancelled"), false));
    }

    private void compute(int choice, Supplier<ChatReply> begin) {
        ChatReply reply = begin.get();
        synchronized (this) {
            current = reply;
        }
        if (closed) {
            reply.close();
        }
        int noted = 0;
        int read = 0;
        Iterator<ChatDelta> deltas = reply.iterator();
        while (deltas.hasNext()) {
            ChatDelta delta = deltas.next();
            List<ChosenToken> chosen = reply.chosen(noted);
            noted += chosen.size();
            List<Integer> tokens = reply.tokens(read);
            read += tokens.size();
            events.add(new Piece(choice, delta, tokens, chosen));
        }
        double seconds = (System.nanoTime() - submitted) / 1e9;
        events.add(
                new Ended(choice, reply.finishReason(), reply.usage(), reply.chosen(noted), reply.report(), seconds));
    }

    /**
     * Waits for the next event. There is none after the end of the last reply.
     *
     * @param most the longest time to wait
     * @return the event; empty if there was none in that time
     */
    public Optional<ReplyEvent> next(Duration most) throws InterruptedException {
        return Optional.ofNullable(events.poll(most.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** The same as {@link #cancel}. */
    @Override
    public void close() {
        cancel();
    }

    /** Ends the current reply before its next forward pass, and withdraws the replies that have not started. */
    public void cancel() {
        closed = true;
        synchronized (this) {
            if (current != null) {
                current.close();
            }
        }
        withdraw.accept(this);
    }
}
