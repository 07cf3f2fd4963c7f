package dev.waterspout.benchmarks.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ServeLoadTest {
    private static final LoadPlan.Shape SHAPE = new LoadPlan.Shape(4000, 50, 100, 40, 5, 7);

    @Test
    void arrivalsHaveTheGivenRateAndLengthsTheGivenMedian() {
        LoadPlan plan = LoadPlan.of(SHAPE);
        assertThat(plan).isEqualTo(LoadPlan.of(SHAPE));
        assertThat(plan.requests().getLast().seconds()).isCloseTo(80, within(4.0));
        double[] prompts = plan.requests().stream()
                .mapToDouble(LoadPlan.Arrival::promptTokens)
                .toArray();
        assertThat(LoadReport.percentile(prompts, 0.5)).isCloseTo(100, within(5.0));
        assertThat(LoadReport.percentile(prompts, 1)).isEqualTo(500);
        assertThat(LoadReport.percentile(new double[] {3, 1, 2, 4}, 0.5)).isEqualTo(2);
        assertThat(LoadReport.percentile(new double[0], 0.5)).isZero();
    }

    @Test
    void figuresCountAnsweredRefusedAndGoodRequests() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        AtomicInteger requests = new AtomicInteger();
        server.createContext("/v1/completions", exchange -> {
            int number = requests.incrementAndGet();
            boolean refuses = number % 5 == 0;
            // Half of the answers count their tokens, of which one event may have several.
            String count = number % 2 == 0 ? "data: {\"usage\":{\"completion_tokens\": 3}}\n\n" : "";
            byte[] body = ("data: {\"text\":\"a\"}\n\ndata: {\"text\": \"b\"}\n\ndata: {\"text\":\"\"}\n\n" + count
                            + "data: [DONE]\n\n")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(refuses ? 429 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        try {
            LoadReport report = new LoadReport(60, 60);
            URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
            ServeLoad.run(url, LoadPlan.of(new LoadPlan.Shape(20, 1000, 5, 5, 2, 1)), report);
            assertThat(report.text(2))
                    .contains("requests 20, answered 16, refused 4, failed 0")
                    .contains("tokens/s 20.0, requests/s 8.00, good requests/s 8.00");

            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            requests.set(0);
            LoadPlan.Shape four = new LoadPlan.Shape(4, 1000, 5, 5, 2, 0);
            ServeLoad.measure(url, four, 1e-9, List.of(1L, 2L), new PrintStream(printed, true, StandardCharsets.UTF_8));
            assertThat(requests).hasValue(12);
            assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                    .hasSize(8)
                    .filteredOn(line -> line.startsWith("requests 4, answered "))
                    .hasSize(2);
        } finally {
            server.stop(0);
        }
        assertThatThrownBy(() ->
                        ServeLoad.run(URI.create("http://192.0.2.1"), new LoadPlan(List.of()), new LoadReport(1, 1)))
                .hasMessageContaining("loopback");
    }
}
