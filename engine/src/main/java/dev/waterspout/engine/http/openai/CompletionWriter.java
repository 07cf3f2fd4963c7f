package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyEvent.Piece;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.generate.ChosenToken;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.json.PlainJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes completions: {@code text_completion}. */
final class CompletionWriter implements ReplyWriter {
    private final ServedModel served;
    private final ReplyRequest request;
    private final boolean echoes;
    private final String id;
    private final long created;
    private final List<Collected> replies;

    CompletionWriter(ServedModel served, ReplyRequest request, boolean echoes, Stamp stamp) {
        this.served = served;
        this.request = request;
        this.echoes = echoes;
        this.id = new Ids(stamp).next("cmpl-");
        this.created = stamp.created();
        this.replies = Collected.of(request);
    }

    /** Reads a request. */
    static ReplyRequest read(Fields fields, ServedModel served, Stamp stamp) {
        if (fields.any("suffix").filter(suffix -> !suffix.equals("")).isPresent()) {
            throw ApiException.field("suffix", "suffix is given; text can only be continued at its end");
        }
        ChatOptions usual = served.usual();
        ChatOptions options = new ChatOptions(
                ReplyRequest.predict(fields, List.of("max_tokens", "n_predict"), usual.predict()),
                SamplingFields.sampling(
                        fields, usual.sampling(), stamp, served.tokenizer().vocabulary()),
                SamplingFields.stops(fields),
                Forms.constraint(Forms.readText(fields), served),
                fields.integer("logprobs", 0, 20).map(Long::intValue).orElse(-1));
        int choices =
                fields.integer("n", 1, ReplyRequest.MOST_CHOICES).orElse(1L).intValue();
        List<ChatPrompt> prompts = new ArrayList<>();
        List<ChatOptions> each = new ArrayList<>();
        for (ChatPrompt prompt : prompts(fields, served)) {
            for (int choice = 0; choice < choices; choice++) {
                prompts.add(prompt);
                each.add(ReplyRequest.reseeded(options, choice));
            }
        }
        if (prompts.size() > ReplyRequest.MOST_CHOICES) {
            throw ApiException.field(
                    "prompt",
                    "prompts times n is " + prompts.size() + "; one request gets at most " + ReplyRequest.MOST_CHOICES
                            + " replies");
        }
        boolean usage = fields.object("stream_options")
                .flatMap(stream -> stream.flag("include_usage"))
                .orElse(false);
        return new ReplyRequest(prompts, each, fields.flag("stream").orElse(false), usage);
    }

    /** Reads the prompts: a string, a list of strings, a list of tokens, or a list of lists of tokens. */
    private static List<ChatPrompt> prompts(Fields fields, ServedModel served) {
        Object prompt = fields.any("prompt").orElseThrow(() -> fields.missing("prompt"));
        if (prompt instanceof String text) {
            return List.of(served.continued(text));
        }
        List<@Nullable Object> list = fields.list("prompt");
        if (!list.isEmpty() && list.getFirst() instanceof Number) {
            return List.of(served.continued(tokens(fields, list)));
        }
        List<ChatPrompt> prompts = new ArrayList<>();
        for (Object item : list) {
            prompts.add(
                    switch (item) {
                        case String text -> served.continued(text);
                        case List<?> ids -> served.continued(tokens(fields, ids));
                        case null, default ->
                            throw fields.wrong("prompt[" + prompts.size() + "]", item, "a string or a list of tokens");
                    });
        }
        if (prompts.isEmpty()) {
            throw fields.missing("prompt");
        }
        return prompts;
    }

    /** Reads tokens of a prompt. */
    static int[] tokens(Fields fields, List<?> list) {
        int[] tokens = new int[list.size()];
        for (int i = 0; i < tokens.length; i++) {
            if (!(list.get(i) instanceof Long id) || id < 0 || id > Integer.MAX_VALUE) {
                throw fields.wrong("prompt[" + i + "]", list.get(i), "a token, an integer from 0");
            }
            tokens[i] = id.intValue();
        }
        return tokens;
    }

    private Map<String, @Nullable Object> completion(List<?> choices) {
        return PlainJson.object(
                "id", id, "object", "text_completion", "created", created, "model", served.name(), "choices", choices);
    }

    private Map<String, @Nullable Object> choice(
            int choice, String text, List<ChosenToken> chosen, @Nullable String finish) {
        int offset = replies.get(choice).text().length() - text.length();
        return PlainJson.object(
                "index",
                choice,
                "text",
                text,
                "logprobs",
                request.reportsProbabilities()
                        ? TokenTexts.ofCompletion(served.tokenizer(), chosen, Math.max(0, offset))
                        : null,
                "finish_reason",
                finish);
    }

    private String echo(int choice) {
        return echoes ? served.model().detokenize(request.prompts().get(choice).ids()) : "";
    }

    @Override
    public List<String> begin() {
        List<String> events = new ArrayList<>();
        for (int choice = 0; choice < replies.size() && echoes; choice++) {
            events.add(Events.data(completion(List.of(choice(choice, echo(choice), List.of(), null)))));
        }
        return events;
    }

    @Override
    public List<String> piece(Piece piece) {
        replies.get(piece.choice()).take(piece);
        return List.of(Events.data(
                completion(List.of(choice(piece.choice(), piece.delta().text(), piece.chosen(), null)))));
    }

    @Override
    public List<String> ended(Ended ended) {
        Collected reply = replies.get(ended.choice());
        reply.end(ended);
        return List.of(
                Events.data(completion(List.of(choice(ended.choice(), "", ended.chosen(), reply.finishReason())))));
    }

    @Override
    public List<String> finish() {
        return Usages.lastEvents(request, completion(List.of()), replies);
    }

    @Override
    public Map<String, @Nullable Object> whole() {
        List<Object> choices = new ArrayList<>();
        for (Collected reply : replies) {
            int at = choices.size();
            choices.add(choice(at, echo(at) + reply.text(), reply.chosen(), reply.finishReason()));
        }
        Map<String, @Nullable Object> whole = completion(choices);
        whole.put("usage", Usages.of(replies));
        return whole;
    }
}
