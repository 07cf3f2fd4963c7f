package dev.waterspout.benchmarks.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Soak test of a server that answers with the length of the prompt. */
@Timeout(120)
class SoakClientTest {
    private final AtomicBoolean wrong = new AtomicBoolean();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/completions", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            int status = 200;
            String answer;
            try {
                String asked = new String(body, StandardCharsets.UTF_8);
                Map<?, ?> request = (Map<?, ?>) Objects.requireNonNull(PlainJson.read("request", asked));
                int length = ((String) Objects.requireNonNull(request.get("prompt"))).length();
                boolean streams = Boolean.TRUE.equals(request.get("stream"));
                String text = (streams && wrong.get() ? "wrong " : "é ") + length;
                String json = PlainJson.text(PlainJson.object("choices", List.of(PlainJson.object("text", text))));
                answer = streams ? "data: " + json + "\n\ndata: [DONE]\n\n" : json;
            } catch (IOException | RuntimeException damaged) {
                status = 400;
                answer = "{}";
            }
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.createContext("/metrics", exchange -> {
            byte[] bytes =
                    "\nwaterspout_requests_running 0\nwaterspout_requests_waiting 0\n".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private SoakTally soak(int things) throws IOException, InterruptedException {
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        SoakTally tally = new SoakTally();
        SoakClient first = new SoakClient(url, tally, List.of(), new SplittableRandom(1));
        List<SoakClient.Asked> alone = new ArrayList<>();
        for (int number = 0; number < 4; number++) {
            alone.add(first.alone(number));
        }
        SoakClient client = new SoakClient(url, tally, alone, new SplittableRandom(2));
        for (int i = 0; i < things; i++) {
            client.once();
        }
        assertThat(client.isIdle()).isTrue();
        return tally;
    }

    @Test
    void allActionsOccurWithoutErrors() throws Exception {
        SoakTally tally = soak(60);
        assertThat(tally.isClean()).as(tally.text()).isTrue();
        assertThat(tally.text())
                .contains(
                        "left in the reply=",
                        "left in the prompt=",
                        "left before the request was whole=",
                        "damaged, status 400=",
                        "texts equal=");
    }

    @Test
    void reportsAWrongText() throws Exception {
        wrong.set(true);
        SoakTally tally = soak(30);
        assertThat(tally.isClean()).isFalse();
        assertThat(tally.text()).contains("WRONG: {text of request");
    }
}
