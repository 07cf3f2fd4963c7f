package dev.waterspout.engine.http.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.http.FrontServer;
import dev.waterspout.engine.http.ServeOptions;
import dev.waterspout.engine.http.transport.Address;
import dev.waterspout.engine.http.transport.Answer;
import dev.waterspout.engine.http.transport.ClientGoneException;
import dev.waterspout.engine.http.transport.Exchange;
import dev.waterspout.engine.http.transport.Handler;
import dev.waterspout.engine.http.transport.Head;
import dev.waterspout.engine.http.transport.Limits;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A front and ranks that die. The process that the front starts is a shell that waits; rank 0 is this test, which
 * answers with four tokens, an event for each.
 */
@Timeout(300)
@EnabledOnOs({OS.LINUX, OS.MAC})
class RanksTest {
    private static final int TOKENS = 4;

    @TempDir
    private Path folder;

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<int[]> known = new CopyOnWriteArrayList<>();
    /** Action of rank 0 before the event of a token. */
    private volatile Consumer<Integer> before = _ -> {};

    private Ranks ranks;
    private @Nullable FrontLink rankZero;

    @BeforeEach
    void makeRanks() throws IOException {
        List<String> command = List.of(
                "sh",
                "-c",
                "printf %s \"$WATERSPOUT_FRONT\" > \"$0.new\" && mv \"$0.new\" \"$0\"; exec sleep 1000",
                folder.resolve("socket").toString());
        ranks = new Ranks(command, 2, told::add);
    }

    @AfterEach
    void stop() {
        die();
        ranks.close();
        client.close();
    }

    /** Rank 0 answers as a model would whose reply is the tokens 0 to 3. */
    private final class Replies implements Handler {
        @Override
        public Optional<Answer> screen(Head head) {
            throw new AssertionError("requests are screened by the front");
        }

        @Override
        public void handle(Exchange exchange) {
            if (exchange.path().equals("/whole")) {
                exchange.answer(Answer.json(200, new String(exchange.body(), StandardCharsets.UTF_8))
                        .with("X-A", "b"));
                return;
            }
            known.add(exchange.known(0));
            try {
                exchange.beginEvents();
                for (int token = 0; token < TOKENS; token++) {
                    before.accept(token);
                    exchange.note(0, List.of(token));
                    exchange.send("data: " + exchange.stamp().seed() + " " + token + "\n\n");
                }
                exchange.endEvents();
            } catch (ClientGoneException lost) {
                // The test has cut the connection.
            }
        }

        @Override
        public Answer refuse(int status, String message) {
            throw new AssertionError(message);
        }
    }

    /** Waits for the front to start the process, and connects as its rank 0. */
    private void connect() {
        try {
            Path written = folder.resolve("socket");
            while (!Files.exists(written)) {
                Thread.sleep(2);
            }
            Path socket = Path.of(Files.readString(written));
            Files.delete(written);
            rankZero = FrontLink.connect(socket, "model", new Replies(), () -> {});
        } catch (IOException | InterruptedException failure) {
            throw new AssertionError(failure);
        }
    }

    /** The process is killed, and its rank 0 with it. */
    private void die() {
        if (rankZero != null) {
            rankZero.close();
        }
        ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
    }

    private void awaitRestart(int count) throws InterruptedException {
        while (ranks.state() != Ranks.State.UP || ranks.restarted() != count) {
            Thread.sleep(2);
        }
    }

    private FrontServer serve() throws Exception {
        CompletableFuture<Void> connected = CompletableFuture.runAsync(this::connect);
        assertThat(ranks.start()).isTrue();
        connected.join();
        return new FrontServer(
                ranks,
                new ServeOptions(
                        new Address("127.0.0.1", 0, Optional.empty()),
                        List.of(),
                        1,
                        1,
                        Duration.ofMinutes(4),
                        Limits.DEFAULT));
    }

    private HttpResponse<String> get(FrontServer front, String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(uri(front, path)).build(), BodyHandlers.ofString());
    }

    private static URI uri(FrontServer front, String path) {
        return URI.create("http://127.0.0.1:" + front.port() + path);
    }

    private static HttpRequest post(FrontServer front, String path) {
        return HttpRequest.newBuilder(uri(front, path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"a\":1}"))
                .build();
    }

    private List<String> stream(FrontServer front) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response = client.send(post(front, "/stream"), BodyHandlers.ofLines());
        return response.body().filter(line -> !line.isEmpty()).toList();
    }

    private static void assertWhole(List<String> lines) {
        assertThat(lines).hasSize(TOKENS);
        String seed = lines.getFirst().split(" ", -1)[1];
        for (int token = 0; token < TOKENS; token++) {
            assertThat(lines.get(token)).isEqualTo("data: " + seed + " " + token);
        }
    }

    @Test
    void forwardsTheAnswersOfRankZero() throws Exception {
        try (FrontServer front = serve()) {
            HttpResponse<String> whole = client.send(post(front, "/whole"), BodyHandlers.ofString());
            assertThat(whole.body()).isEqualTo("{\"a\":1}");
            assertThat(whole.headers().firstValue("X-A")).hasValue("b");
            assertThat(get(front, "/health").body()).isEqualTo("{\"status\":\"ok\",\"restarts\":0}");
            assertWhole(stream(front));
            assertThat(known).singleElement().isEqualTo(new int[0]);
        }
    }

    @Test
    void aStreamContinuesAfterRanksHaveDied() throws Exception {
        try (FrontServer front = serve()) {
            CountDownLatch restarting = new CountDownLatch(1);
            before = token -> {
                if (token == 2 && known.size() == 1) {
                    die();
                    restarting.countDown();
                }
            };
            CompletableFuture<Void> again = CompletableFuture.runAsync(() -> {
                try {
                    restarting.await();
                } catch (InterruptedException ended) {
                    throw new AssertionError(ended);
                }
                connect();
            });
            assertWhole(stream(front));
            again.join();
            assertThat(known).hasSize(2);
            assertThat(known.getLast()).isEqualTo(new int[] {0, 1});
            assertThat(told).singleElement().asString().contains("restarted (1 of 2)");
            assertThat(get(front, "/health").body()).isEqualTo("{\"status\":\"ok\",\"restarts\":1}");
        }
    }

    @Test
    void ranksThatKeepDyingAreNotRestarted() throws Exception {
        try (FrontServer front = serve()) {
            for (int i = 0; i < 2; i++) {
                die();
                connect();
                awaitRestart(i + 1);
            }
            die();
            while (ranks.state() != Ranks.State.ENDED) {
                Thread.sleep(2);
            }
            assertEnded(front);
        }
    }

    private void assertEnded(FrontServer front) throws IOException, InterruptedException {
        for (HttpResponse<String> refused :
                List.of(client.send(post(front, "/stream"), BodyHandlers.ofString()), get(front, "/metrics"))) {
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.body()).contains("the ranks have ended");
        }
        HttpResponse<String> health = get(front, "/health");
        assertThat(health.statusCode()).isEqualTo(503);
        assertThat(health.body()).contains("\"status\":\"failed\",\"restarts\":2");
    }

    @Test
    void aStreamEndsWithAnErrorWhenRanksAreNotRestarted() throws Exception {
        try (FrontServer front = serve()) {
            for (int i = 0; i < 2; i++) {
                die();
                connect();
                awaitRestart(i + 1);
            }
            before = token -> {
                if (token == 2) {
                    die();
                }
            };
            List<String> lines = stream(front);
            assertThat(lines).hasSize(3);
            assertThat(lines.get(1)).endsWith(" 1");
            assertThat(lines.getLast()).startsWith("data: {\"error\":").contains("the ranks have ended");
            assertEnded(front);
        }
    }

    @Test
    void aDisconnectCancelsTheReply() throws Exception {
        try (FrontServer front = serve()) {
            CountDownLatch left = new CountDownLatch(1);
            CountDownLatch asked = new CountDownLatch(1);
            before = token -> {
                asked.countDown();
                try {
                    if (token == 3) {
                        left.await();
                    }
                } catch (InterruptedException ended) {
                    throw new AssertionError(ended);
                }
            };
            CompletableFuture<HttpResponse<String>> request =
                    client.sendAsync(post(front, "/stream"), BodyHandlers.ofString());
            asked.await();
            request.cancel(true);
            left.countDown();
            assertThat(front.drain(Duration.ofMinutes(4))).isTrue();
        }
    }

    @Test
    void ranksThatNeverAnsweredHaveTheirExitCode() throws Exception {
        try (Ranks failing = new Ranks(List.of("sh", "-c", "exit 3"), 5, told::add)) {
            assertThat(failing.start()).isFalse();
            assertThat(failing.exitCode()).isEqualTo(3);
            assertThat(told).isEmpty();
        }
    }

    @Test
    void framesAreReadAsWritten() throws IOException {
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        Frame written = Frame.of(Frame.Kind.ASK, 7, "path", "/é", "seed", Long.MAX_VALUE, "known", List.of(List.of(1L)))
                .with(new byte[] {1, -1});
        written.write(new java.io.DataOutputStream(bytes));
        byte[] wire = bytes.toByteArray();
        Frame read = Frame.read(new java.io.DataInputStream(new java.io.ByteArrayInputStream(wire)));
        assertThat(read.kind()).isEqualTo(Frame.Kind.ASK);
        assertThat(read.number()).isEqualTo(7);
        assertThat(read.fields()).isEqualTo(written.fields());
        assertThat(read.payload()).isEqualTo(written.payload());
        for (int length : List.of(0, 5, wire.length - 1)) {
            byte[] cut = Arrays.copyOf(wire, length);
            assertThatThrownBy(() -> Frame.read(new java.io.DataInputStream(new java.io.ByteArrayInputStream(cut))))
                    .isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> Frame.read(
                        new java.io.DataInputStream(new java.io.ByteArrayInputStream(new byte[] {99, 0, 0}))))
                .hasMessageContaining("kind 99");
    }
}
