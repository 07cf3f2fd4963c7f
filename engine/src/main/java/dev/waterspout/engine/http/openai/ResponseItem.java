package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import dev.waterspout.engine.json.PlainJson;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An item of a response's output, while it is computed. */
final class ResponseItem {
    private final Kind kind;
    private final String id;
    private final StringBuilder text = new StringBuilder();
    private String name = "";

    private ResponseItem(Kind kind, String id) {
        this.kind = kind;
        this.id = id;
    }

    /**
     * Returns a new item. The first piece of a tool call is the function's name, which the item keeps; other pieces are
     * added by {@link #append}.
     */
    static ResponseItem of(Kind kind, String first, Ids ids) {
        ResponseItem item = empty(kind, ids);
        item.name = kind == Kind.TOOL_CALL ? first : "";
        return item;
    }

    private static ResponseItem empty(Kind kind, Ids ids) {
        return switch (kind) {
            case TEXT -> new ResponseItem(kind, ids.next("msg_"));
            case REASONING -> new ResponseItem(kind, ids.next("rs_"));
            case TOOL_CALL, TOOL_ARGUMENTS -> new ResponseItem(Kind.TOOL_CALL, ids.next("fc_"));
        };
    }

    /** Returns whether a piece of another kind continues this item. */
    boolean continues(Kind other) {
        return kind == Kind.TOOL_CALL ? other == Kind.TOOL_ARGUMENTS : kind == other;
    }

    /** Adds a piece. {@return the type of its event; empty if the piece has none} */
    Optional<String> append(Kind other, String piece) {
        if (other == Kind.TOOL_CALL) {
            return Optional.empty();
        }
        text.append(piece);
        return Optional.of(type() + ".delta");
    }

    private String type() {
        return switch (kind) {
            case TEXT -> "response.output_text";
            case REASONING -> "response.reasoning_text";
            case TOOL_CALL, TOOL_ARGUMENTS -> "response.function_call_arguments";
        };
    }

    String id() {
        return id;
    }

    String text() {
        return text.toString();
    }

    /** Returns the fields that identify the item in an event. */
    Map<String, @Nullable Object> place(int index) {
        return kind == Kind.TOOL_CALL
                ? PlainJson.object("item_id", id, "output_index", index)
                : PlainJson.object("item_id", id, "output_index", index, "content_index", 0);
    }

    /** Returns the type of the event that completes the content. */
    String doneType() {
        return type() + ".done";
    }

    /** Returns the fields of the event that completes the content. */
    Map<String, @Nullable Object> whole() {
        if (kind == Kind.TOOL_CALL) {
            return PlainJson.object("name", name, "arguments", text());
        }
        Map<String, @Nullable Object> whole = PlainJson.object("text", text());
        if (kind == Kind.TEXT) {
            whole.put("logprobs", List.of());
        }
        return whole;
    }

    /** Returns the content part with a text; empty if items of this kind have no events for parts. */
    Optional<Map<String, @Nullable Object>> part(String content) {
        return kind == Kind.TEXT
                ? Optional.of(PlainJson.object(
                        "type", "output_text", "text", content, "annotations", List.of(), "logprobs", List.of()))
                : Optional.empty();
    }

    /** Returns the item as JSON. */
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
        if (kind == Kind.TOOL_CALL) {
            return PlainJson.object(
                    "id",
                    id,
                    "type",
                    "function_call",
                    "status",
                    status,
                    "call_id",
                    "call_" + id,
                    "name",
                    name,
                    "arguments",
                    text());
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
