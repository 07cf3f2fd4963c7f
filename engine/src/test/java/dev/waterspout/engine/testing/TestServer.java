package dev.waterspout.engine.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Host;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.http.ModelServer;
import dev.waterspout.engine.http.ServeOptions;
import dev.waterspout.engine.http.openai.ServedModel;
import dev.waterspout.engine.http.transport.Address;
import dev.waterspout.engine.http.transport.Limits;
import dev.waterspout.engine.json.PlainJson;
import dev.waterspout.kernels.host.Activations;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The built-in model, served with a plain chat template on a free port. */
public final class TestServer implements AutoCloseable {
    /** One line per message. */
    public static final String TEMPLATE =
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";

    /** Context size of the model. */
    public static final int CONTEXT = 1_900;

    private final ServedModel served;
    private final ModelServer server;
    private final HttpClient client = HttpClient.newHttpClient();
    private @Nullable OpenApi described;

    private TestServer(ServedModel served, ModelServer server) {
        this.served = served;
        this.server = server;
    }

    /** Configuration of the server. */
    public record Setup(String template, List<String> keys, int mostWaiting, Duration request, Limits limits) {
        /** No API key, up to 16 waiting requests, ten minutes per request. */
        public static final Setup USUAL =
                new Setup(TEMPLATE, List.of(), 16, Duration.ofMinutes(10), bodyWithin(Duration.ofSeconds(60)));

        /** Returns limits of which the one for sending a request's body is given. */
        public static Limits bodyWithin(Duration body) {
            return new Limits(100_000, body, Duration.ofSeconds(60), Duration.ofSeconds(120));
        }
    }

    /** Starts a server. */
    public static TestServer start(Setup setup) throws IOException {
        LanguageModel model = Waterspout.loadEmbedded(Options.DEFAULT
                .withContext(Context.DEFAULT.withPositions(CONTEXT))
                .withHost(new Host(1, 512, Activations.F32, false)));
        ChatTemplate template = ChatTemplate.of(
                setup.template(), model.deployment().model().tokenizer().vocabulary(), Clock.systemUTC());
        ServedModel served = new ServedModel(
                model,
                Optional.of(template),
                "orator",
                ChatOptions.of(new SamplingParameters(40, 0.95, 0.05, 0.8, 1)),
                InstantSource.system());
        ServeOptions options = new ServeOptions(
                new Address("127.0.0.1", 0, Optional.empty()),
                setup.keys(),
                1,
                setup.mostWaiting(),
                setup.request(),
                setup.limits());
        try {
            return new TestServer(served, new ModelServer(served, options));
        } catch (IOException | RuntimeException failure) {
            model.close();
            throw failure;
        }
    }

    public ModelServer server() {
        return server;
    }

    public ServedModel served() {
        return served;
    }

    public LanguageModel model() {
        return served.model();
    }

    /** A model that computes nothing until it is released. */
    @FunctionalInterface
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Holds the model: requests are accepted, but their replies begin only when the model is released. Waits for the
     * end of running replies.
     */
    public Held hold() throws InterruptedException {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        Runnable idle = () -> {
            held.countDown();
            try {
                released.await();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        };
        Thread.ofVirtual().start(() -> model().group().exclusively(idle));
        held.await();
        return released::countDown;
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    public HttpClient client() {
        return client;
    }

    /** Builds a POST request with a JSON body. */
    public HttpRequest.Builder post(String path, String json) {
        return HttpRequest.newBuilder(uri(path))
                .header("Content-Type", "application/json")
                .timeout(Duration.ofMinutes(10))
                .POST(HttpRequest.BodyPublishers.ofString(json));
    }

    /** Sends a request and returns the answer's text. */
    public HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    public HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)).timeout(Duration.ofMinutes(10)));
    }

    /** Returns the violations of the server's OpenAPI description by an answer; empty if there are none. */
    public List<String> problems(HttpResponse<String> response) throws IOException, InterruptedException {
        if (described == null) {
            described = new OpenApi(get("/openapi.json").body());
        }
        return described.problems(
                response.request().method(),
                response.uri().getPath(),
                response.statusCode(),
                response.headers().firstValue("Content-Type").orElseThrow(),
                response.body());
    }

    /** Posts JSON and returns the object of an answer with status 200. */
    public Map<String, Object> answer(String path, String json) throws IOException, InterruptedException {
        HttpResponse<String> response = send(post(path, json));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(problems(response)).as(response.body()).isEmpty();
        return json(response.body());
    }

    /** Posts JSON and returns the data of the events of a stream with status 200. */
    public List<String> events(String path, String json) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response = client.send(post(path, json).build(), BodyHandlers.ofLines());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream; charset=utf-8");
        return response.body()
                .filter(line -> line.startsWith("data: "))
                .map(line -> line.substring(6))
                .toList();
    }

    /** The object of an answer's JSON. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> json(String text) throws IOException {
        return (Map<String, Object>) Objects.requireNonNull(PlainJson.read("answer", text));
    }

    /** Returns the value at a path such as {@code choices.0.message.content}; null if the path does not exist. */
    public static @Nullable Object at(Object json, String path) {
        Object found = json;
        for (String step : path.split("\\.", -1)) {
            found = found instanceof List<?> list
                    ? (Integer.parseInt(step) < list.size() ? list.get(Integer.parseInt(step)) : null)
                    : found instanceof Map<?, ?> map ? map.get(step) : null;
        }
        return found;
    }

    @Override
    public void close() {
        server.close();
        served.model().close();
    }
}
