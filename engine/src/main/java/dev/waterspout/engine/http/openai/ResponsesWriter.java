package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatReply.Usage;
import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import dev.waterspout.engine.chat.ChatDelta.Kind;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes replies in the format of OpenAI's Responses interface: an object {@code response} with a list of items
 * (reasoning, messages and tool calls), or the events that build up such an object.
 */
final class ResponsesWriter implements ReplyWriter {
    private final ServedModel served;
    private final Map<String, @Nullable Object> echoed;
    private final Ids ids;
    private final String id;
    private final long created;
    private final Collected reply = new Collected();
    private final List<Map<String, @Nullable Object>> items = new ArrayList<>();
    private Optional<ResponseItem> open = Optional.empty();
    private int sequence;

    /**
     * @param served the model
     * @param echoed the fields that a response repeats from its request
     * @param stamp source of the identifiers and of the date
     */
    ResponsesWriter(ServedModel served, Map<String, @Nullable Object> echoed, Stamp stamp) {
        this.served = served;
        this.echoed = echoed;
        this.ids = new Ids(stamp);
        this.id = ids.next("resp_");
        this.created = stamp.created();
    }

    private String event(String type, @Nullable Object... keysAndValues) {
        Map<String, @Nullable Object> event = PlainJson.object("type", type, "sequence_number", sequence++);
        event.putAll(PlainJson.object(keysAndValues));
        return Events.named(type, event);
    }

    private Map<String, @Nullable Object> response(String status) {
        Map<String, @Nullable Object> response = PlainJson.object(
                "id",
                id,
                "object",
                "response",
                "created_at",
                created,
                "status",
                status,
                "error",
                null,
                "incomplete_details",
                status.equals("incomplete") ? PlainJson.object("reason", "max_output_tokens") : null,
                "model",
                served.name(),
                "output",
                List.copyOf(items),
                "store",
                false);
        response.putAll(echoed);
        response.put("usage", reply.ended() ? usage(reply.usage()) : null);
        return response;
    }

    private static Map<String, @Nullable Object> usage(Usage usage) {
        return PlainJson.object(
                "input_tokens",
                usage.promptTokens(),
                "input_tokens_details",
                PlainJson.object("cached_tokens", usage.heldTokens()),
                "output_tokens",
                usage.replyTokens(),
                "output_tokens_details",
                PlainJson.object("reasoning_tokens", 0),
                "total_tokens",
                usage.promptTokens() + usage.replyTokens());
    }

    @Override
    public List<String> begin() {
        return List.of(
                event("response.created", "response", response("in_progress")),
                event("response.in_progress", "response", response("in_progress")));
    }

    @Override
    public List<String> piece(Piece piece) {
        reply.take(piece);
        List<String> events = new ArrayList<>();
        Kind kind = piece.delta().kind();
        if (open.filter(item -> item.continues(kind)).isEmpty()) {
            close(events, "completed");
            open(ResponseItem.of(kind, piece.delta().text(), ids), events);
        }
        open.orElseThrow().append(kind, piece.delta().text()).ifPresent(type -> events.add(delta(type, piece)));
        return events;
    }

    private String delta(String type, Piece piece) {
        ResponseItem item = open.orElseThrow();
        Map<String, @Nullable Object> place = item.place(items.size());
        place.put("delta", piece.delta().text());
        if (type.equals("response.output_text.delta")) {
            place.put("logprobs", List.of());
        }
        Map<String, @Nullable Object> event = PlainJson.object("type", type, "sequence_number", sequence++);
        event.putAll(place);
        return Events.named(type, event);
    }

    private void open(ResponseItem item, List<String> events) {
        open = Optional.of(item);
        events.add(event("response.output_item.added", "output_index", items.size(), "item", item.json("in_progress")));
        item.part("").ifPresent(part -> events.add(partEvent("response.content_part.added", item, part)));
    }

    private String partEvent(String type, ResponseItem item, Map<String, @Nullable Object> part) {
        return event(type, "item_id", item.id(), "output_index", items.size(), "content_index", 0, "part", part);
    }

    /** Completes the open item, if there is one. */
    private void close(List<String> events, String status) {
        open.ifPresent(item -> {
            String type = item.doneType();
            Map<String, @Nullable Object> done = PlainJson.object("type", type, "sequence_number", sequence++);
            done.putAll(item.place(items.size()));
            done.putAll(item.whole());
            events.add(Events.named(type, done));
            item.part(item.text()).ifPresent(part -> events.add(partEvent("response.content_part.done", item, part)));
            Map<String, @Nullable Object> json = item.json(status);
            events.add(event("response.output_item.done", "output_index", items.size(), "item", json));
            items.add(json);
        });
        open = Optional.empty();
    }

    private String status() {
        return reply.finishReason().equals("length") ? "incomplete" : "completed";
    }

    @Override
    public List<String> ended(Ended ended) {
        reply.end(ended);
        List<String> events = new ArrayList<>();
        close(events, status());
        return events;
    }

    @Override
    public List<String> finish() {
        return List.of(event("response." + status(), "response", response(status())));
    }

    @Override
    public String failed(ApiException failure) {
        Map<String, @Nullable Object> response = response("failed");
        response.put("error", PlainJson.object("code", "server_error", "message", failure.getMessage()));
        return event("response.failed", "response", response);
    }

    @Override
    public Map<String, @Nullable Object> whole() {
        return response(status());
    }
}
