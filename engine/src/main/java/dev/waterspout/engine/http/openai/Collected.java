package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatReply.FinishReason;
import dev.waterspout.engine.api.ChatReply.Usage;
import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import dev.waterspout.engine.chat.ToolCalls;
import dev.waterspout.engine.generate.ChosenToken;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The text, calls and tokens of one reply so far. */
final class Collected {
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final ToolCalls calls = new ToolCalls();
    private final List<ChosenToken> chosen = new ArrayList<>();
    private @Nullable Ended end;

    /** Returns one empty object for each reply of a request. */
    static List<Collected> of(ReplyRequest request) {
        return Stream.generate(Collected::new).limit(request.options().size()).toList();
    }

    void take(Piece piece) {
        switch (piece.delta().kind()) {
            case TEXT -> text.append(piece.delta().text());
            case REASONING -> reasoning.append(piece.delta().text());
            case TOOL_CALL, TOOL_ARGUMENTS -> calls.take(piece.delta());
        }
        chosen.addAll(piece.chosen());
    }

    void end(Ended ended) {
        end = ended;
        chosen.addAll(ended.chosen());
    }

    String text() {
        return text.toString();
    }

    List<ToolCalls.Written> calls() {
        return calls.written();
    }

    String reasoning() {
        return reasoning.toString();
    }

    List<ChosenToken> chosen() {
        return chosen;
    }

    boolean ended() {
        return end != null;
    }

    /** Returns why the reply ended: {@code length}, {@code stop} or {@code tool_calls}. */
    String finishReason() {
        if (end != null && end.reason() == FinishReason.LENGTH) {
            return "length";
        }
        return calls.written().isEmpty() ? "stop" : "tool_calls";
    }

    Usage usage() {
        return end == null ? new Usage(0, 0, 0) : end.usage();
    }
}
