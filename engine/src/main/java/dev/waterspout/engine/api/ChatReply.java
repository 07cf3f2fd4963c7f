package dev.waterspout.engine.api;

import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.chat.ReplyParser;
import dev.waterspout.engine.chat.ToolCalls;
import dev.waterspout.engine.generate.ChosenToken;
import dev.waterspout.engine.generate.Generation;
import dev.waterspout.engine.generate.GenerationReport;
import dev.waterspout.engine.tokenizer.TokenType;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalInt;

/**
 * A reply. It begins when it is read first, by one thread, and runs beside other replies of the same model. Any thread
 * may close it, which ends it before the next forward pass.
 */
public final class ChatReply implements Iterable<ChatDelta>, AutoCloseable {
    private final Generation generation;
    private final Vocabulary vocabulary;
    private final ReplyParser parser;
    private final Deque<ChatDelta> ahead = new ArrayDeque<>();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final ToolCalls calls = new ToolCalls();
    private boolean finished;

    ChatReply(Generation generation, Vocabulary vocabulary, ChatPrompt prompt, List<String> stops) {
        this.generation = generation;
        this.vocabulary = vocabulary;
        this.parser = ReplyParser.of(prompt, stops);
    }

    /** Why a reply ended. */
    public enum FinishReason {
        /** The model ended it, or a stop string came. */
        STOP,
        /** It has as many tokens as were allowed, or the context is full. */
        LENGTH,
        /** It was closed. */
        CANCELLED
    }

    /**
     * What a reply took.
     *
     * @param promptTokens tokens of the conversation
     * @param heldTokens those of them that the cache held already
     * @param replyTokens tokens of the reply, reasoning and an end-of-text token included
     */
    public record Usage(int promptTokens, int heldTokens, int replyTokens) {}

    /** Returns the pieces. There is one reading of them: a second iterator goes on. */
    @Override
    public Iterator<ChatDelta> iterator() {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                while (ahead.isEmpty() && !finished) {
                    advance();
                }
                return !ahead.isEmpty();
            }

            @Override
            public ChatDelta next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("the reply has ended");
                }
                return ahead.removeFirst();
            }
        };
    }

    /**
     * Returns the tokens that have been read.
     *
     * @param place number of tokens that are left out
     */
    public List<Integer> tokens(int place) {
        return generation.tokens(place);
    }

    /** Waits for one token. */
    private void advance() {
        String piece = generation.advance();
        OptionalInt token = generation.lastToken();
        boolean control =
                token.isPresent() && !generation.ended() && vocabulary.type(token.getAsInt()) == TokenType.CONTROL;
        if (control) {
            take(parser.takeControl(vocabulary.text(token.getAsInt())));
        }
        take(parser.take(piece));
        if (parser.stopped() && !generation.ended()) {
            generation.close();
            var _ = generation.report();
        }
        if (generation.ended()) {
            take(parser.finish());
            finished = true;
        }
    }

    private void take(List<ChatDelta> deltas) {
        for (ChatDelta delta : deltas) {
            switch (delta.kind()) {
                case TEXT -> text.append(delta.text());
                case REASONING -> reasoning.append(delta.text());
                case TOOL_CALL, TOOL_ARGUMENTS -> calls.take(delta);
            }
            ahead.addLast(delta);
        }
    }

    /** Returns whether it has ended. */
    public boolean ended() {
        return finished;
    }

    /**
     * Returns how likely the tokens were that have been computed, where the options ask for it.
     *
     * @param place number of positions that are left out
     */
    public List<ChosenToken> chosen(int place) {
        return generation.chosen(place);
    }

    /** Returns what has come so far as a message of the conversation. */
    public ChatMessage message() {
        return new ChatMessage(
                ChatMessage.Role.ASSISTANT,
                text.toString(),
                reasoning.toString().stripTrailing(),
                calls.calls(),
                "");
    }

    /**
     * Returns why it ended.
     *
     * @throws IllegalStateException if it has not
     */
    public FinishReason finishReason() {
        GenerationReport report = report();
        if (parser.stopped()) {
            return FinishReason.STOP;
        }
        return switch (report.stop()) {
            case END_OF_TEXT -> FinishReason.STOP;
            case LENGTH, CONTEXT_FULL -> FinishReason.LENGTH;
            case CANCELLED -> FinishReason.CANCELLED;
        };
    }

    /**
     * Returns what it took.
     *
     * @throws IllegalStateException if it has not ended
     */
    public Usage usage() {
        GenerationReport report = report();
        return new Usage(
                report.prompt().size(),
                generation.heldTokens(),
                report.generated().size());
    }

    /**
     * Returns what the generation did.
     *
     * @throws IllegalStateException if it has not ended
     */
    public GenerationReport report() {
        return generation.report();
    }

    /** Ends it before the next forward pass. What was read so far stays. */
    @Override
    public void close() {
        generation.close();
    }
}
