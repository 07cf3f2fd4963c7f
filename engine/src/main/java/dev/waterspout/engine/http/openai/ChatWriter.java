package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes chat completions: {@code chat.completion} and {@code chat.completion.chunk}. */
final class ChatWriter implements ReplyWriter {
    private final ServedModel served;
    private final ReplyRequest request;
    private final String id;
    private final long created;
    private final List<Collected> replies;

    ChatWriter(ServedModel served, ReplyRequest request) {
        this.served = served;
        this.request = request;
        this.id = Ids.next("chatcmpl-");
        this.created = served.now();
        this.replies =
                Stream.generate(Collected::new).limit(request.options().size()).toList();
    }

    /** Reads a request. */
    static ReplyRequest read(Fields fields, ServedModel served) {
        int likeliest = fields.flag("logprobs").orElse(false)
                ? fields.integer("top_logprobs", 0, 20).orElse(0L).intValue()
                : -1;
        ChatOptions usual = served.usual();
        ChatOptions options = new ChatOptions(
                ReplyRequest.predict(fields, List.of("max_completion_tokens", "max_tokens"), usual.predict()),
                SamplingFields.sampling(
                        fields,
                        usual.sampling(),
                        served.tokenizer().vocabulary().size()),
                SamplingFields.stops(fields),
                usual.constraint(),
                likeliest);
        int choices =
                fields.integer("n", 1, ReplyRequest.MOST_CHOICES).orElse(1L).intValue();
        boolean usage = fields.object("stream_options")
                .flatMap(stream -> stream.flag("include_usage"))
                .orElse(false);
        ChatPrompt prompt = served.prompt(Messages.conversation(fields));
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
        String field = switch (piece.delta().kind()) {
            case TEXT -> "content";
            case REASONING -> "reasoning_content";
        };
        Optional<Object> logs = request.reportsProbabilities()
                ? Optional.of(TokenTexts.ofChat(served.tokenizer(), piece.chosen()))
                : Optional.empty();
        return List.of(
                delta(piece.choice(), PlainJson.object(field, piece.delta().text()), logs));
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
        List<String> events = new ArrayList<>();
        if (request.includesUsage()) {
            Map<String, @Nullable Object> last = chunk(List.of());
            last.put("usage", Usages.of(replies));
            events.add(Events.data(last));
        }
        events.add(Events.DONE);
        return events;
    }

    @Override
    public String failed(ApiException failure) {
        return Events.data(failure.body());
    }

    @Override
    public Map<String, @Nullable Object> whole() {
        List<Object> choices = new ArrayList<>();
        for (Collected reply : replies) {
            Map<String, @Nullable Object> message = PlainJson.object("role", "assistant", "content", reply.text());
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
