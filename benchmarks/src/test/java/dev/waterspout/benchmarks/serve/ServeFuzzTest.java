package dev.waterspout.benchmarks.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.waterspout.benchmarks.serve.DamagedRequest.Damage;
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
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ServeFuzzTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}";
    private static final String EVENTS = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {}\n\n";

    private static String refusal(int status, String message) {
        return "HTTP/1.1 " + status + " x\r\n\r\n{\"error\":{\"message\":\"" + message + "\"}}";
    }

    @Test
    void theSameNumberGivesTheSameRequestAndAllDamagesOccur() {
        Set<Damage> damages = EnumSet.noneOf(Damage.class);
        for (int number = 0; number <= Math.max(300, firstThatStalls()); number++) {
            DamagedRequest request = DamagedRequest.of(7, number);
            DamagedRequest again = DamagedRequest.of(7, number);
            assertThat(again.bytes()).isEqualTo(request.bytes());
            assertThat(again.sent()).isEqualTo(request.sent()).isBetween(0, request.bytes().length);
            damages.add(request.damage());
        }
        assertThat(damages).containsExactlyInAnyOrder(Damage.values());
        assertThat(IntStream.range(0, 300)
                        .mapToObj(number ->
                                Arrays.hashCode(DamagedRequest.of(7, number).bytes()))
                        .collect(Collectors.toSet()))
                .hasSizeGreaterThan(150);
    }

    @Test
    void answersAreJudged() {
        assertThat(ServeFuzz.problem(Damage.BYTES, OK)).isEmpty();
        assertThat(ServeFuzz.problem(Damage.BYTES, refusal(400, "n is a string; it must be an integer")))
                .isEmpty();
        assertThat(ServeFuzz.problem(Damage.LEAVES, "")).isEmpty();
        assertThat(ServeFuzz.problem(Damage.VALUE, EVENTS + "data: [DONE]\n\n")).isEmpty();
        assertThat(ServeFuzz.problem(Damage.HEAD, refusal(501, "no such version")))
                .isEmpty();
        String late = refusal(408, "the request's body has not come within 30 seconds");
        assertThat(ServeFuzz.problem(Damage.STALLS, late)).isEmpty();
        assertThat(ServeFuzz.problem(Damage.STALLS, OK)).startsWith("status 200");
        assertThat(ServeFuzz.problem(Damage.SLOW, late)).startsWith("status 408");
        assertThat(ServeFuzz.problem(Damage.VALUE, "")).isEqualTo("no answer");
        assertThat(ServeFuzz.problem(Damage.VALUE, "hello")).startsWith("no HTTP");
        assertThat(ServeFuzz.problem(Damage.VALUE, refusal(500, "internal"))).startsWith("status 500");
        assertThat(ServeFuzz.problem(Damage.VALUE, EVENTS)).startsWith("a stream without an end");
        assertThat(ServeFuzz.problem(Damage.VALUE, refusal(400, "java.lang.Error")))
                .startsWith("message");
        assertThat(ServeFuzz.problem(Damage.VALUE, refusal(400, ""))).startsWith("body");
    }

    private static int firstThatStalls() {
        return IntStream.iterate(0, number -> number + 1)
                .filter(number -> DamagedRequest.of(7, number).damage() == Damage.STALLS)
                .findFirst()
                .orElseThrow();
    }

    /** Serves a model with a time limit for a request's body. */
    private static ModelServer serve(ServedModel served, Duration body) throws IOException {
        Limits limits = new Limits(100_000, body, Duration.ofSeconds(60), Duration.ofSeconds(120));
        Address address = new Address("127.0.0.1", 0, Optional.empty());
        return new ModelServer(served, new ServeOptions(address, List.of(), 4, 64, Duration.ofMinutes(2), limits));
    }

    private static ServeFuzz fuzz(ModelServer server) throws IOException {
        return new ServeFuzz(URI.create("http://127.0.0.1:" + server.port()), 7);
    }

    /** A sample of the requests of a long run. */
    @Test
    void theServerAnswersDamagedRequests() throws Exception {
        Options options = Options.DEFAULT
                .withContext(Context.DEFAULT.withPositions(128).withSequences(4, 0))
                .withHost(new Host(1, Host.DEFAULT.batch(), Host.DEFAULT.activations(), false));
        try (LanguageModel model = Waterspout.loadEmbedded(options)) {
            ChatTemplate template = ChatTemplate.of(
                    "{% for m in messages %}{{ m.content }}{% endfor %}",
                    model.deployment().model().tokenizer().vocabulary(), Clock.systemUTC());
            ChatOptions usual = new ChatOptions(8, SamplingParameters.greedy(), List.of());
            ServedModel served = new ServedModel(model, Optional.of(template), "orator", usual, InstantSource.system());
            // A request that is slow, but does not stall, must arrive in time on any machine.
            try (ModelServer server = serve(served, Duration.ofMinutes(1))) {
                ServeFuzz fuzz = fuzz(server);
                String before = fuzz.reference();
                assertThat(firstThatStalls()).isGreaterThan(200);
                fuzz.send(0, 200, 20);
                fuzz.compare(before, fuzz.reference());
                assertThat(fuzz.tally().isClean()).as(fuzz.tally().text()).isTrue();
                assertThat(fuzz.tally().text()).contains("VALUE 400=", "FIELD 200=", "reference text");
            }
            try (ModelServer server = serve(served, Duration.ofMillis(500))) {
                ServeFuzz fuzz = fuzz(server);
                fuzz.send(firstThatStalls(), firstThatStalls() + 1, 1);
                assertThat(fuzz.tally().isClean()).as(fuzz.tally().text()).isTrue();
                assertThat(fuzz.tally().text()).contains("STALLS 408=1");
            }
        }
    }

    @Test
    void aServerThatFailsIsReported() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = "{\"choices\":[{\"text\":\"a\"}]}".getBytes(StandardCharsets.UTF_8);
            boolean fails = exchange.getRequestBody().readAllBytes().length == 0;
            exchange.sendResponseHeaders(fails ? 500 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        try {
            ServeFuzz fuzz = new ServeFuzz(
                    URI.create("http://127.0.0.1:" + server.getAddress().getPort()), 7);
            fuzz.compare(fuzz.reference(), fuzz.reference());
            assertThat(fuzz.tally().isClean()).isTrue();
            assertThat(firstThatStalls()).isGreaterThan(60); // this server would wait for it
            fuzz.send(0, 60, 8);
            assertThat(fuzz.tally().text())
                    .contains("reference text equal=1", "WRONG: {", ": status 500", "BYTES 200=");
            fuzz.compare("a", "b");
            assertThat(fuzz.tally().text()).contains("reference text: before a; after b");
        } finally {
            server.stop(0);
        }
    }
}
