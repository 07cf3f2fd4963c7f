package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import dev.waterspout.engine.api.ReplyForm;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.chat.Conversation;
import dev.waterspout.engine.chat.ToolCalls;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Writes chat completions: {@code chat.completion} and {@code chat.completion.chunk}. */
final class ChatWriter implements ReplyWriter {
    private final ServedModel served;
    private final ReplyRequest request;
    private final String id;
    private final long created;
    private final List<Collected> replies;

    ChatWriter(ServedModel served, ReplyRequest request, Stamp stamp) {
        this.served = served;
        this.request = request;
        this.id = new Ids(stamp).next("chatcmpl-");
        this.created = stamp.created();
        this.replies = Collected.of(request);
    }

    /** Reads a request. */
    static ReplyRequest read(Fields fields, ServedModel served, Stamp stamp) {
        int likeliest = fields.flag("logprobs").orElse(false)
                ? fields.integer("top_logprobs", 0, 20).orElse(0L).intValue()
                : -1;
        Conversation asked = Messages.conversation(fields);
        ReplyForm form = Forms.read(fields, asked.tools());
        Conversation conversation = form.tools().isEmpty() ? Conversation.of(asked.messages()) : asked;
        ChatOptions usual = served.usual();
        SamplingParameters sampling = SamplingFields.sampling(
                fields, usual.sampling(), stamp, served.tokenizer().vocabulary());
        ChatPrompt prompt = served.prompt(conversation);
        ChatOptions options = new ChatOptions(
                ReplyRequest.predict(fields, List.of("max_completion_tokens", "max_tokens"), usual.predict()),
                sampling,
                SamplingFields.stops(fields),
                Forms.constraint(form, prompt, served, "response_format"),
                likeliest);
        int choices =
                fields.integer("n", 1, ReplyRequest.MOST_CHOICES).orElse(1L).intValue();
        boolean usage = fields.object("stream_options")
                .flatMap(stream -> stream.flag("include_usage"))
                .orElse(false);
        return new ReplyRequest(
                IntStream.range(0, choices).mapToObj(_ -> prompt).toList(),
                IntStream.range(0, choices)
                        .mapToObj(choice -> ReplyRequest.reseeded(options, choice))
                        .toList(),
                fields.flag("stream").orElse(false),
                usage);
    }

    private Map<String, @Nullable Object> chunk(List<?> choices) {
        Map<String, @Nullable Object> chunk = PlainJson.object(
                "id",
                id,
                "object",
                "chat.completion.chunk",
                "created",
                created,
                "model",
                served.name(),
                "choices",
                choices);
        if (request.includesUsage()) {
            chunk.put("usage", null);
        }
        return chunk;
    }

    private String delta(int choice, Map<String, @Nullable Object> delta, Optional<Object> logProbabilities) {
        return Events.data(chunk(List.of(PlainJson.object(
                "index", choice, "delta", delta, "logprobs", logProbabilities.orElse(null), "finish_reason", null))));
    }

    @Override
    public List<String> begin() {
        return IntStream.range(0, replies.size())
                .mapToObj(
                        choice -> delta(choice, PlainJson.object("role", "assistant", "content", ""), Optional.empty()))
                .toList();
    }

    @Override
    public List<String> piece(Piece piece) {
        replies.get(piece.choice()).take(piece);
        Map<String, @Nullable Object> delta = switch (piece.delta().kind()) {
            case TEXT -> PlainJson.object("content", piece.delta().text());
            case REASONING ->
                PlainJson.object("reasoning_content", piece.delta().text());
            case TOOL_CALL -> toolCall(piece.choice(), true, "");
            case TOOL_ARGUMENTS -> toolCall(piece.choice(), false, piece.delta().text());
        };
        Optional<Object> logs = request.reportsProbabilities()
                ? Optional.of(TokenTexts.ofChat(served.tokenizer(), piece.chosen()))
                : Optional.empty();
        return List.of(delta(piece.choice(), delta, logs));
    }

    /** Returns a piece of the latest tool call. */
    private Map<String, @Nullable Object> toolCall(int choice, boolean begins, String arguments) {
        List<ToolCalls.Written> calls = replies.get(choice).calls();
        ToolCalls.Written call = calls.getLast();
        Map<String, @Nullable Object> function = begins
                ? PlainJson.object("name", call.name(), "arguments", arguments)
                : PlainJson.object("arguments", arguments);
        Map<String, @Nullable Object> delta = PlainJson.object("index", calls.size() - 1);
        if (begins) {
            delta.put("id", call.id());
            delta.put("type", "function");
        }
        delta.put("function", function);
        return PlainJson.object("tool_calls", List.of(delta));
    }

    @Override
    public List<String> ended(Ended ended) {
        Collected reply = replies.get(ended.choice());
        reply.end(ended);
        Object logs = request.reportsProbabilities() && !ended.chosen().isEmpty()
                ? TokenTexts.ofChat(served.tokenizer(), ended.chosen())
                : null;
        return List.of(Events.data(chunk(List.of(PlainJson.object(
                "index",
                ended.choice(),
                "delta",
                Map.of(),
                "logprobs",
                logs,
                "finish_reason",
                reply.finishReason())))));
    }

    @Override
    public List<String> finish() {
        return Usages.lastEvents(request, chunk(List.of()), replies);
    }

    private static Map<String, @Nullable Object> written(ToolCalls.Written call) {
        return PlainJson.object(
                "id",
                call.id(),
                "type",
                "function",
                "function",
                PlainJson.object("name", call.name(), "arguments", call.arguments()));
    }

    @Override
    public Map<String, @Nullable Object> whole() {
        List<Object> choices = new ArrayList<>();
        for (Collected reply : replies) {
            boolean calls = !reply.calls().isEmpty();
            Map<String, @Nullable Object> message = PlainJson.object(
                    "role", "assistant", "content", calls && reply.text().isEmpty() ? null : reply.text());
            if (calls) {
                message.put(
                        "tool_calls",
                        reply.calls().stream().map(ChatWriter::written).toList());
            }
            if (!reply.reasoning().isEmpty()) {
                message.put("reasoning_content", reply.reasoning());
            }
            choices.add(PlainJson.object(
                    "index",
                    choices.size(),
                    "message",
                    message,
                    "logprobs",
                    request.reportsProbabilities() ? TokenTexts.ofChat(served.tokenizer(), reply.chosen()) : null,
                    "finish_reason",
                    reply.finishReason()));
        }
        return PlainJson.object(
                "id",
                id,
                "object",
                "chat.completion",
                "created",
                created,
                "model",
                served.name(),
                "choices",
                choices,
                "usage",
                Usages.of(replies));
    }
}
