package dev.waterspout.benchmarks.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.waterspout.benchmarks.serve.DamagedRequest.Damage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
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
        for (int number = 0; number < 300; number++) {
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
        assertThat(ServeFuzz.problem(Damage.VALUE, "")).isEqualTo("no answer");
        assertThat(ServeFuzz.problem(Damage.VALUE, "hello")).startsWith("no HTTP");
        assertThat(ServeFuzz.problem(Damage.VALUE, refusal(500, "internal"))).startsWith("status 500");
        assertThat(ServeFuzz.problem(Damage.VALUE, EVENTS)).startsWith("a stream without an end");
        assertThat(ServeFuzz.problem(Damage.VALUE, refusal(400, "java.lang.Error")))
                .startsWith("message");
        assertThat(ServeFuzz.problem(Damage.VALUE, refusal(400, ""))).startsWith("body");
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
