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
 * A reply as a stream. It starts when it is first read, by one thread, and is computed together with other replies of
 * the same model. Any thread may close it, which ends it before the next forward pass.
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

    /** The reason for the end of a reply. */
    public enum FinishReason {
        /** The model ended the reply, or the text contained a stop string. */
        STOP,
        /** The reply has reached the limit of tokens, or the context is full. */
        LENGTH,
        /** The reply was closed. */
        CANCELLED
    }

    /**
     * Token counts of a reply.
     *
     * @param promptTokens number of tokens of the conversation
     * @param heldTokens number of these tokens that were in the KV cache already
     * @param replyTokens number of tokens of the reply, reasoning and an end-of-text token included
     */
    public record Usage(int promptTokens, int heldTokens, int replyTokens) {}

    /** Returns the pieces. They can be read once: a second iterator continues where the first one stopped. */
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

    /** Returns whether the reply has ended. */
    public boolean ended() {
        return finished;
    }

    /**
     * Returns the probabilities of the tokens so far, if the options ask for them.
     *
     * @param place number of positions that are left out
     */
    public List<ChosenToken> chosen(int place) {
        return generation.chosen(place);
    }

    /** Returns the reply so far as a message of the conversation. */
    public ChatMessage message() {
        return new ChatMessage(
                ChatMessage.Role.ASSISTANT,
                text.toString(),
                reasoning.toString().stripTrailing(),
                calls.calls(),
                "");
    }

    /**
     * Returns the reason for the end of the reply.
     *
     * @throws IllegalStateException if the reply has not ended
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
     * Returns the token counts of the reply.
     *
     * @throws IllegalStateException if the reply has not ended
     */
    public Usage usage() {
        GenerationReport report = report();
        return new Usage(
                report.prompt().size(),
                generation.heldTokens(),
                report.generated().size());
    }

    /**
     * Returns the statistics of the generation.
     *
     * @throws IllegalStateException if the reply has not ended
     */
    public GenerationReport report() {
        return generation.report();
    }

    /** Ends the reply before the next forward pass. Its text so far stays readable. */
    @Override
    public void close() {
        generation.close();
    }
}
