package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Failed;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.generate.LogitAdjustments;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.grammar.GbnfParser;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.kernels.host.Activations;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A constraint that fails ends its own reply, while a reply that is computed in the same steps goes on. */
@Timeout(240)
class FailingConstraintTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final int LENGTH = 150;
    private static final int ROWS = 16;

    private static LanguageModel model;

    @BeforeAll
    static void load() {
        model = Waterspout.loadEmbedded(Options.DEFAULT
                .withContext(Context.DEFAULT.withPositions(256).withSequences(2, 0))
                .withHost(new Host(1, ROWS, Activations.F32, false)));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /** How a constraint fails. */
    enum Failure {
        /** The first tokens are masked; after them the grammar has more readings than it may. */
        GRAMMAR_BEYOND_ITS_LIMITS,
        EXCEPTION_WHILE_MASKING,
        STACK_OVERFLOW_WHILE_MASKING,
        EXCEPTION_WHILE_ACCEPTING
    }

    /** The state of both replies; only the thread of the generation loop changes it. */
    private static final class Progress {
        /** Open once the other reply has been made and is about to be submitted. */
        private final CountDownLatch made = new CountDownLatch(1);

        private volatile boolean admitted;
        private int tokensBeside;
        private int tokensBesideAtFailure = -1;
    }

    /** Constraint of the reply that fails. */
    private static final class Failing implements TokenConstraint {
        private final Progress progress;
        private final Failure failure;
        private final TokenConstraint grammar;
        private int masked;

        Failing(Progress progress, Failure failure) {
            this.progress = progress;
            this.failure = failure;
            String last = "(" + "\"a\" | ".repeat(4100) + "\"b\")";
            this.grammar = failure == Failure.GRAMMAR_BEYOND_ITS_LIMITS
                    ? model.constraint(GbnfParser.parse("root ::= \"union\" " + last))
                    : TokenConstraint.NONE;
            progress.made.countDown();
        }

        @Override
        public void restrict(float[] logits) {
            masked++;
            progress.admitted = true;
            progress.tokensBesideAtFailure = progress.tokensBeside;
            grammar.restrict(logits);
            if (masked == 3 && failure == Failure.EXCEPTION_WHILE_MASKING) {
                throw new IllegalStateException("broken mask");
            }
            if (masked == 3 && failure == Failure.STACK_OVERFLOW_WHILE_MASKING) {
                throw new StackOverflowError("deep");
            }
        }

        @Override
        public void accept(int token) {
            grammar.accept(token);
            if (masked == 3 && failure == Failure.EXCEPTION_WHILE_ACCEPTING) {
                throw new IndexOutOfBoundsException("broken state");
            }
        }
    }

    /**
     * Constraint of the reply beside it: allows all, waits until the other reply has been made, and takes 20 ms per
     * token, 3 s for all, until it has been admitted.
     */
    private record Beside(Progress progress) implements TokenConstraint {
        @Override
        public void restrict(float[] logits) {
            progress.tokensBeside++;
            if (!progress.admitted) {
                try {
                    progress.made.await();
                    Thread.sleep(20);
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public void accept(int token) {}
    }

    private static ChatReply reply(String prompt, int length, Supplier<TokenConstraint> constraint, int[] known) {
        // Tokens that end a text are never chosen.
        LogitAdjustments endless = new LogitAdjustments(0, 1, 0, 0, Map.of(0, -100.0, 1, -100.0, 2, -100.0));
        SamplingParameters sampling = SamplingParameters.greedy().withAdjustments(endless);
        return model.reply(
                ChatPrompt.continued(model.tokenize(prompt)),
                new ChatOptions(length, sampling, List.of(), constraint, -1),
                known);
    }

    private static ChatReply reply(String prompt, int length, Supplier<TokenConstraint> constraint) {
        return reply(prompt, length, constraint, new int[0]);
    }

    private static String text(QueuedReply reply) throws InterruptedException {
        StringBuilder text = new StringBuilder();
        while (true) {
            switch (reply.next(LONG).orElseThrow()) {
                case Piece piece -> text.append(piece.delta().text());
                case Ended _ -> {
                    return text.toString();
                }
                case Failed failed -> throw new AssertionError("the reply beside it failed", failed.cause());
            }
        }
    }

    private static Failed failure(QueuedReply reply) throws InterruptedException {
        while (true) {
            switch (reply.next(LONG).orElseThrow()) {
                case Piece _ -> {}
                case Ended ended -> throw new AssertionError("it ended: " + ended.reason());
                case Failed failed -> {
                    return failed;
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void onlyTheReplyOfTheConstraintEnds(Failure failure) throws Exception {
        try (ReplyQueue queue = new ReplyQueue(2, 4)) {
            String alone =
                    text(queue.submit(List.of(() -> reply("We the people", LENGTH, () -> TokenConstraint.NONE))));
            Progress progress = new Progress();
            QueuedReply beside =
                    queue.submit(List.of(() -> reply("We the people", LENGTH, () -> new Beside(progress))));
            QueuedReply failing =
                    queue.submit(List.of(() -> reply("Four score and", -1, () -> new Failing(progress, failure))));
            Failed failed = failure(failing);
            assertThat(failed.modelLost()).isFalse();
            assertThat(failed.cause())
                    .isInstanceOf(
                            failure == Failure.GRAMMAR_BEYOND_ITS_LIMITS
                                    ? GrammarException.class
                                    : GenerationException.class);
            assertThat(text(beside)).isEqualTo(alone);
            assertThat(progress.tokensBesideAtFailure).isLessThan(LENGTH);
            assertThat(progress.tokensBeside).isEqualTo(LENGTH);
            assertThat(queue.broken()).isEmpty();
            assertThat(text(queue.submit(List.of(() -> reply("We the people", LENGTH, () -> TokenConstraint.NONE)))))
                    .isEqualTo(alone);
        }
    }

    @Test
    void aConstraintThatCannotBeMadeEndsItsOwnReply() throws Exception {
        try (ReplyQueue queue = new ReplyQueue(1, 4)) {
            Failed failed = failure(queue.submit(List.of(() -> reply("We", 4, () -> {
                throw new IllegalStateException("broken factory");
            }))));
            assertThat(failed.modelLost()).isFalse();
            assertThat(failed.cause()).hasMessageContaining("a fault of this program");
            assertThat(text(queue.submit(List.of(() -> reply("We", 4, () -> TokenConstraint.NONE)))))
                    .isNotEmpty();
            assertThat(queue.broken()).isEmpty();
        }
    }

    /** Closes another reply in a certain step, between that step's forward pass and the choice of its token. */
    private static final class Closing implements TokenConstraint {
        private final Progress progress;
        private final ChatReply other;
        private int steps;

        Closing(Progress progress, ChatReply other) {
            this.progress = progress;
            this.other = other;
        }

        @Override
        public void restrict(float[] logits) {
            if (progress.admitted && ++steps == 3) {
                other.close();
            } else if (!progress.admitted) {
                new Beside(progress).restrict(logits);
            }
        }

        @Override
        public void accept(int token) {}
    }

    /** Notes that a token that was known before is taken, which happens in the turn of the first forward pass. */
    private record Noting(Progress progress) implements TokenConstraint {
        @Override
        public void restrict(float[] logits) {
            throw new AssertionError("the prompt was computed to its end");
        }

        @Override
        public void accept(int token) {
            progress.admitted = true;
        }
    }

    @Test
    void aPromptWhoseReaderLeavesIsComputedNoFurther() throws Exception {
        Progress progress = new Progress();
        ChatReply left = reply("of the people ".repeat(50), 2, () -> new Noting(progress), model.tokenize("We"));
        try (ReplyQueue queue = new ReplyQueue(2, 0)) {
            QueuedReply beside =
                    queue.submit(List.of(() -> reply("We the people", LENGTH, () -> new Closing(progress, left))));
            progress.made.countDown();
            assertThat(beside.next(LONG)).get().isInstanceOf(Piece.class);
            left.forEach(delta -> assertThat(delta.text()).isNotEmpty());
            // Three passes with the prompt, in which the reply beside it has one row each.
            assertThat(left.report().prefill().tokens()).isEqualTo(3 * (ROWS - 1));
            assertThat(left.finishReason()).isEqualTo(ChatReply.FinishReason.CANCELLED);
            assertThat(text(beside)).isNotEmpty();
        }
    }
}
