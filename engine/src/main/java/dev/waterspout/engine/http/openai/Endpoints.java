package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.ReplyQueue;
import dev.waterspout.engine.chat.ChatException;
import dev.waterspout.engine.environment.Version;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.json.PlainJson;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.tokenizer.Tokenizer;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The endpoints of a server, by method and path. */
public final class Endpoints {
    /** Path of the health check, which the owner of this object answers. */
    public static final String HEALTH = "/health";

    private static final String MODELS = "/v1/models";
    private static final String ONE_MODEL = "/v1/models/{model}";

    private final ServedModel served;
    private final ReplyQueue queue;
    private final Metrics metrics = new Metrics();
    private final Replies replies;
    private final Map<String, Endpoint> endpoints = new LinkedHashMap<>();

    /** One endpoint. */
    @FunctionalInterface
    public interface Endpoint {
        /**
         * Answers a request.
         *
         * @param exchange the request, and the means to answer it
         * @throws ApiException if the request is refused before its answer has begun
         */
        void answer(Exchange exchange);
    }

    /**
     * @param served the model
     * @param queue queue that computes the replies
     * @param limit time limit of a request
     */
    public Endpoints(ServedModel served, ReplyQueue queue, Duration limit) {
        this.served = served;
        this.queue = queue;
        this.replies = new Replies(served, queue, metrics, limit);
        endpoints.put("POST /v1/chat/completions", exchange -> reply(exchange, chat(body(exchange), exchange.stamp())));
        endpoints.put(
                "POST /v1/completions", exchange -> reply(exchange, completion(body(exchange), exchange.stamp())));
        endpoints.put("POST /v1/responses", exchange -> reply(exchange, response(body(exchange), exchange.stamp())));
        endpoints.put(
                "GET " + MODELS,
                exchange -> exchange.answer(json(PlainJson.object("object", "list", "data", List.of(model())))));
        endpoints.put("GET " + ONE_MODEL, exchange -> exchange.answer(json(model(exchange.path()))));
        endpoints.put("GET /metrics", exchange -> exchange.answer(metrics()));
        endpoints.put("POST /tokenize", exchange -> exchange.answer(json(tokenize(body(exchange)))));
        endpoints.put("POST /detokenize", exchange -> exchange.answer(json(detokenize(body(exchange)))));
        endpoints.put("GET /props", exchange -> exchange.answer(json(properties())));
        endpoints.put("POST /apply-template", exchange -> exchange.answer(json(render(body(exchange)))));
    }

    /**
     * Returns the endpoint of a request.
     *
     * @param method HTTP method, such as GET
     * @param path path, without the query
     * @throws ApiException with status 404 or 405 if there is none
     */
    public Endpoint find(String method, String path) {
        String route = route(path);
        Endpoint found = endpoints.get(method + " " + route);
        if (found != null) {
            return found;
        }
        Set<String> paths = new TreeSet<>();
        for (String known : endpoints.keySet()) {
            if (known.endsWith(" " + route)) {
                throw ApiException.request(
                        405, path + " does not allow " + method + ", only " + known.substring(0, known.indexOf(' ')));
            }
            paths.add(known);
        }
        throw ApiException.request(404, path + " is not an endpoint; the endpoints are " + String.join(", ", paths));
    }

    /** Returns all methods and paths, such as {@code GET /v1/models}. */
    Set<String> routes() {
        return Collections.unmodifiableSet(endpoints.keySet());
    }

    /** Returns the path of an endpoint for the path of a request: the name of a model is part of the latter. */
    private static String route(String path) {
        return path.startsWith(MODELS + "/") ? ONE_MODEL : path;
    }

    private boolean knows(String route) {
        return endpoints.keySet().stream().anyMatch(known -> known.endsWith(" " + route));
    }

    /** Counts an answered request in the metrics. */
    public void count(String path, int status) {
        String route = route(path);
        metrics.request(route.equals(HEALTH) || knows(route) ? route : "other", status);
    }

    private static Fields body(Exchange exchange) {
        return Fields.read(exchange.body());
    }

    private static Answer json(Map<String, @Nullable Object> json) {
        return Answer.json(200, PlainJson.text(json));
    }

    /**
     * A parsed request for replies.
     *
     * @param request prompts and options
     * @param writer writer of the answer
     */
    record Asked(ReplyRequest request, ReplyWriter writer) {}

    private void reply(Exchange exchange, Asked asked) {
        replies.answer(exchange, asked.request(), asked.writer());
    }

    Asked chat(Fields fields, Stamp stamp) {
        ReplyRequest request = ChatWriter.read(fields, served, stamp);
        return new Asked(request, new ChatWriter(served, request, stamp));
    }

    Asked completion(Fields fields, Stamp stamp) {
        ReplyRequest request = CompletionWriter.read(fields, served, stamp);
        boolean echoes = fields.flag("echo").orElse(false);
        return new Asked(request, new CompletionWriter(served, request, echoes, stamp));
    }

    Asked response(Fields fields, Stamp stamp) {
        ReplyRequest request = ResponsesRequest.read(fields, served, stamp);
        return new Asked(request, new ResponsesWriter(served, ResponsesRequest.echoed(fields), stamp));
    }

    /** Returns the counters, in Prometheus' text format. */
    Answer metrics() {
        byte[] text = metrics.text(queue).getBytes(StandardCharsets.UTF_8);
        return new Answer(200, "text/plain; version=0.0.4; charset=utf-8", text, Map.of());
    }

    /** Returns the model whose name a path ends with, percent-encoded or not. */
    private Map<String, @Nullable Object> model(String path) {
        String asked = path.substring(MODELS.length() + 1);
        if (!asked.equals(served.name()) && !decoded(asked).equals(served.name())) {
            throw ApiException.coded(
                    404, "model_not_found", "there is no model '" + asked + "'; the model is '" + served.name() + "'");
        }
        return model();
    }

    private static String decoded(String part) {
        try {
            return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notEncoded) {
            return part;
        }
    }

    private Map<String, @Nullable Object> model() {
        LanguageModel model = served.model();
        ModelConfig config = model.deployment().model().config();
        return PlainJson.object(
                "id",
                served.name(),
                "object",
                "model",
                "created",
                served.now(),
                "owned_by",
                "waterspout",
                "meta",
                PlainJson.object(
                        "n_vocab", served.tokenizer().vocabulary().size(),
                        "n_ctx", served.context(),
                        "n_ctx_train", config.contextLength(),
                        "n_embd", config.width(),
                        "ranks", model.session().ranks(),
                        "devices", model.deployment().devices()));
    }

    Map<String, @Nullable Object> tokenize(Fields fields) {
        String content = fields.requiredText("content");
        boolean special = fields.flag("parse_special").orElse(true);
        boolean begins = fields.flag("add_special").orElse(false)
                && served.tokenizer().vocabulary().addsBos();
        int[] tokens = served.tokenizer().encode(content, begins, special);
        List<Object> list = new ArrayList<>();
        for (int token : tokens) {
            list.add(
                    fields.flag("with_pieces").orElse(false)
                            ? PlainJson.object("id", token, "piece", TokenTexts.text(served.tokenizer(), token))
                            : token);
        }
        return PlainJson.object("tokens", list);
    }

    Map<String, @Nullable Object> detokenize(Fields fields) {
        List<Integer> tokens = new ArrayList<>();
        int vocabulary = served.tokenizer().vocabulary().size();
        for (Object item : fields.list("tokens")) {
            if (!(item instanceof Long id) || id < 0 || id >= vocabulary) {
                throw fields.wrong(
                        "tokens[" + tokens.size() + "]", item, "a token, an integer within 0 to " + (vocabulary - 1));
            }
            tokens.add(id.intValue());
        }
        int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
        return PlainJson.object("content", served.model().detokenize(ids));
    }

    Map<String, @Nullable Object> render(Fields fields) {
        try {
            return PlainJson.object(
                    "prompt",
                    served.requiredTemplate()
                            .render(Messages.conversation(fields))
                            .toString());
        } catch (ChatException refused) {
            throw ApiException.field("messages", String.valueOf(refused.getMessage()));
        }
    }

    private Map<String, @Nullable Object> properties() {
        SamplingParameters usual = served.usual().sampling();
        Tokenizer tokenizer = served.tokenizer();
        return PlainJson.object(
                "default_generation_settings",
                PlainJson.object(
                        "n_ctx",
                        served.context(),
                        "params",
                        PlainJson.object(
                                "n_predict", served.usual().predict(),
                                "temperature", usual.temperature(),
                                "top_k", usual.topK(),
                                "top_p", usual.topP(),
                                "min_p", usual.minP(),
                                "repeat_last_n", usual.adjustments().window(),
                                "repeat_penalty", usual.adjustments().repeat(),
                                "presence_penalty", usual.adjustments().presence(),
                                "frequency_penalty", usual.adjustments().frequency())),
                "model_alias",
                served.name(),
                "chat_template",
                served.template().map(template -> template.source()),
                "bos_token",
                text(tokenizer, tokenizer.vocabulary().bos()),
                "eos_token",
                text(tokenizer, tokenizer.vocabulary().eos()),
                "exchange",
                served.model().session().ranks() == 1
                        ? "none"
                        : served.model().deployment().options().schedule().description(),
                "build_info",
                "waterspout " + Version.number());
    }

    private static String text(Tokenizer tokenizer, OptionalInt token) {
        return token.isPresent() ? tokenizer.vocabulary().text(token.getAsInt()) : "";
    }
}
