package dev.waterspout.engine.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A page in a headless Chromium, which is controlled over the DevTools protocol
 * (https://chromedevtools.github.io/devtools-protocol).
 */
public final class Browser implements AutoCloseable {
    private static final long LIMIT_SECONDS = 100;
    private static final long POLL_MILLIS = 20;
    private static final int SHIFT = 8;
    private static final Map<String, Integer> KEY_CODES = Map.of("Tab", 9, "Enter", 13, "Escape", 27);

    private final Process process;
    private final HttpClient client = HttpClient.newHttpClient();
    private final Map<Integer, CompletableFuture<Map<String, Object>>> asked = new ConcurrentHashMap<>();
    private final AtomicInteger numbers = new AtomicInteger();
    private final WebSocket socket;

    private Browser(Process process, URI page) {
        this.process = process;
        this.socket = client.newWebSocketBuilder()
                .buildAsync(page, new Answers())
                .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    /** Returns the Chromium on the PATH, if there is one. */
    public static Optional<Path> find() {
        return onPath("chromium", "chromium-browser", "google-chrome");
    }

    /** Returns the first program of these names on the PATH. */
    public static Optional<Path> onPath(String... names) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .flatMap(folder -> Stream.of(names).map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * Starts a browser with an empty page.
     *
     * @param program Chromium
     * @param profile a new folder for its files
     */
    public static Browser start(Path program, Path profile) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        program.toString(),
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--no-first-run",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile,
                        "about:blank")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return new Browser(process, page(process, profile.resolve("DevToolsActivePort")));
        } catch (IOException | InterruptedException | RuntimeException | AssertionError failure) {
            process.destroyForcibly();
            throw failure;
        }
    }

    private static URI page(Process process, Path portFile) throws IOException, InterruptedException {
        List<String> port = List.of();
        while (port.size() < 2) { // the port, and a path
            assertThat(process.isAlive()).as("Chromium runs").isTrue();
            Thread.sleep(POLL_MILLIS);
            port = Files.exists(portFile) ? Files.readAllLines(portFile) : port;
        }
        HttpRequest list = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port.getFirst() + "/json/list"))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            while (true) {
                Object pages = PlainJson.read(
                        "pages", client.send(list, BodyHandlers.ofString()).body());
                for (Object each : (List<?>) Objects.requireNonNull(pages)) {
                    if ("page".equals(TestServer.at(each, "type"))) {
                        return URI.create(String.valueOf(TestServer.at(each, "webSocketDebuggerUrl")));
                    }
                }
                Thread.sleep(POLL_MILLIS);
            }
        }
    }

    /** Completes calls with the browser's answers; other messages are ignored. */
    private final class Answers implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            message.append(part);
            if (last) {
                try {
                    Map<String, Object> json = TestServer.json(message.toString());
                    if (json.get("id") instanceof Long number) {
                        Optional.ofNullable(asked.remove(number.intValue())).ifPresent(call -> call.complete(json));
                    }
                } catch (IOException malformed) {
                    asked.values().forEach(call -> call.completeExceptionally(malformed));
                }
                message.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    /** Calls a method of the protocol; returns its result. */
    private @Nullable Object call(String method, Map<String, @Nullable Object> parameters) {
        int number = numbers.incrementAndGet();
        CompletableFuture<Map<String, Object>> answer = new CompletableFuture<>();
        asked.put(number, answer);
        socket.sendText(PlainJson.text(PlainJson.object("id", number, "method", method, "params", parameters)), true)
                .join();
        Map<String, Object> json =
                answer.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
        assertThat(json).as(method).doesNotContainKey("error");
        return json.get("result");
    }

    /**
     * Loads a page in a window of a size.
     *
     * @param url address
     * @param width width in CSS pixels
     * @param height height in CSS pixels
     * @param mobile whether the browser behaves like that of a phone
     */
    public void open(String url, int width, int height, boolean mobile) throws InterruptedException {
        var _ = call(
                "Emulation.setDeviceMetricsOverride",
                PlainJson.object("width", width, "height", height, "deviceScaleFactor", 1, "mobile", mobile));
        var _ = call("Emulation.setFocusEmulationEnabled", PlainJson.object("enabled", true));
        var _ = evaluate("window.earlierPage = true");
        var _ = call("Page.navigate", PlainJson.object("url", url));
        await("!window.earlierPage && document.readyState === 'complete'");
    }

    /** Returns the value of an expression of JavaScript. */
    public @Nullable Object evaluate(String expression) {
        Object result = Objects.requireNonNull(
                call("Runtime.evaluate", PlainJson.object("expression", expression, "returnByValue", true)));
        assertThat(TestServer.at(result, "exceptionDetails")).as(expression).isNull();
        return TestServer.at(result, "result.value");
    }

    /** Waits until an expression of JavaScript is true. */
    public void await(String expression) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!Boolean.TRUE.equals(evaluate("Boolean(" + expression + ")"))) {
            assertThat(System.nanoTime()).as(expression).isLessThan(deadline);
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Types text where the focus is. */
    public void type(String text) {
        var _ = call("Input.insertText", PlainJson.object("text", text));
    }

    /**
     * Presses a key.
     *
     * @param key Tab, Shift+Tab, Enter or Escape
     */
    public void press(String key) {
        String name = key.substring(key.indexOf('+') + 1);
        Map<String, @Nullable Object> event = PlainJson.object(
                "key",
                name,
                "code",
                name,
                "windowsVirtualKeyCode",
                Objects.requireNonNull(KEY_CODES.get(name)),
                "modifiers",
                key.startsWith("Shift+") ? SHIFT : 0);
        if (name.equals("Enter")) {
            event.put("text", "\r");
        }
        event.put("type", "keyDown");
        var _ = call("Input.dispatchKeyEvent", event);
        event.remove("text");
        event.put("type", "keyUp");
        var _ = call("Input.dispatchKeyEvent", event);
    }

    @Override
    public void close() {
        socket.abort();
        client.close();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
