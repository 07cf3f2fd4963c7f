package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import dev.waterspout.engine.json.PlainJson;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An item of a response's output, as far as it has come. */
final class ResponseItem {
    private final Kind kind;
    private final String id;
    private final StringBuilder text = new StringBuilder();

    private ResponseItem(Kind kind, String id) {
        this.kind = kind;
        this.id = id;
    }

    /** Begins an item with its first piece, which is not taken yet. */
    static ResponseItem of(Kind kind, String first) {
        return switch (kind) {
            case TEXT -> new ResponseItem(kind, Ids.next("msg_"));
            case REASONING -> new ResponseItem(kind, Ids.next("rs_"));
        };
    }

    /** Returns whether a piece belongs to it. */
    boolean continues(Kind other) {
        return kind == other;
    }

    /** Takes a piece; returns the type of the event that tells of it, if one does. */
    Optional<String> append(Kind other, String piece) {
        text.append(piece);
        return Optional.of(kind == Kind.TEXT ? "response.output_text.delta" : "response.reasoning_text.delta");
    }

    String id() {
        return id;
    }

    String text() {
        return text.toString();
    }

    /** Returns the fields by which an event says what it is about. */
    Map<String, @Nullable Object> place(int index) {
        return PlainJson.object("item_id", id, "output_index", index, "content_index", 0);
    }

    /** Returns the type of the event that its content is whole. */
    String doneType() {
        return kind == Kind.TEXT ? "response.output_text.done" : "response.reasoning_text.done";
    }

    /** Returns the fields of that event. */
    Map<String, @Nullable Object> whole() {
        Map<String, @Nullable Object> whole = PlainJson.object("text", text());
        if (kind == Kind.TEXT) {
            whole.put("logprobs", List.of());
        }
        return whole;
    }

    /** Returns its part with a text, if it has parts that events tell of. */
    Optional<Map<String, @Nullable Object>> part(String content) {
        return kind == Kind.TEXT
                ? Optional.of(PlainJson.object(
                        "type", "output_text", "text", content, "annotations", List.of(), "logprobs", List.of()))
                : Optional.empty();
    }

    /** Returns the item. */
    Map<String, @Nullable Object> json(String status) {
        boolean begun = status.equals("in_progress");
        if (kind == Kind.TEXT) {
            return PlainJson.object(
                    "id",
                    id,
                    "type",
                    "message",
                    "status",
                    status,
                    "role",
                    "assistant",
                    "content",
                    begun ? List.of() : List.of(part(text()).orElseThrow()));
        }
        return PlainJson.object(
                "id",
                id,
                "type",
                "reasoning",
                "summary",
                List.of(),
                "content",
                begun ? List.of() : List.of(PlainJson.object("type", "reasoning_text", "text", text())));
    }
}
