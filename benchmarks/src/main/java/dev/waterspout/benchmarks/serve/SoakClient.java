package dev.waterspout.benchmarks.serve;

import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** One client of a soak test. It performs one action after the other. */
final class SoakClient {
    private static final Duration LIMIT = Duration.ofMinutes(15);
    private static final String PATH = "/v1/completions";
    private static final List<String> WORDS = List.of(
            "We", "the", "people", "of", "a", "nation", "hold", "liberty", "and", "peace", "before", "every", "law");

    private final URI url;
    private final SoakTally tally;
    private final List<Asked> alone;
    private final SplittableRandom random;
    private final HttpClient client = HttpClient.newHttpClient();

    /**
     * A request and its text.
     *
     * @param number number of the request
     * @param text text that the server wrote while it had no other request
     */
    record Asked(int number, String text) {}

    SoakClient(URI url, SoakTally tally, List<Asked> alone, SplittableRandom random) {
        this.url = url;
        this.tally = tally;
        this.alone = alone;
        this.random = random;
    }

    /** Returns the JSON of a request. Equal numbers give equal requests; some requests have a common prefix. */
    private static String json(int number, boolean streams) {
        SplittableRandom words = new SplittableRandom(number / 2);
        String prompt = words.ints(4 + 30L * (number % 6), 0, WORDS.size())
                .mapToObj(WORDS::get)
                .collect(Collectors.joining(" "));
        return PlainJson.text(PlainJson.object(
                "prompt",
                prompt + (number % 2 == 0 ? "" : " of peace"),
                "max_tokens",
                8 + 7 * (number % 9),
                "temperature",
                0,
                "stream",
                streams));
    }

    /** Sends a request and waits for its text. */
    Asked alone(int number) throws IOException, InterruptedException {
        return new Asked(number, text(post(json(number, false).getBytes(StandardCharsets.UTF_8))));
    }

    private HttpResponse<String> post(byte[] body) throws IOException, InterruptedException {
        while (true) {
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(url.resolve(PATH))
                            .header("Content-Type", "application/json")
                            .timeout(LIMIT)
                            .POST(BodyPublishers.ofByteArray(body))
                            .build(),
                    BodyHandlers.ofString());
            if (response.statusCode() != 429) {
                return response;
            }
            tally.count("refused, queue full");
            Thread.sleep(100 + random.nextInt(400));
        }
    }

    private static String text(HttpResponse<String> response) throws IOException {
        if (response.statusCode() != 200) {
            return "status " + response.statusCode() + ": " + response.body();
        }
        return choice(response.body());
    }

    private static String choice(String json) throws IOException {
        if (PlainJson.read("answer", json) instanceof Map<?, ?> map
                && map.get("choices") instanceof List<?> choices
                && !choices.isEmpty()
                && choices.getFirst() instanceof Map<?, ?> choice) {
            return String.valueOf(choice.get("text"));
        }
        return "";
    }

    /** Checks that a text equals the one written without other requests. */
    void compare(Asked expected, String text) {
        if (text.equals(expected.text())) {
            tally.count("texts equal");
        } else {
            tally.fault("text of request " + expected.number() + ": " + text);
        }
    }

    /** Performs one random action. */
    void once() {
        int number = random.nextInt(alone.size());
        try {
            switch (random.nextInt(8)) {
                case 0 -> leave(number, false);
                case 1 -> leave(number, true);
                case 2 -> abandonHead(number);
                case 3 -> damaged(number);
                case 4 -> stream(number, true);
                case 5, 6 -> stream(number, false);
                default -> compare(alone.get(number), alone(number).text());
            }
        } catch (IOException failed) {
            tally.fault("no answer: " + failed);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(url.getHost(), url.getPort());
        socket.setSoTimeout((int) LIMIT.toMillis());
        return socket;
    }

    private static byte[] request(String json) {
        return ("POST " + PATH + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                        + "Content-Length: " + json.length() + "\r\n\r\n" + json)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Disconnects during prefill, or after a part of the reply. */
    private void leave(int number, boolean reads) throws IOException, InterruptedException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request(json(number, true)));
            if (reads) {
                var _ = socket.getInputStream().readNBytes(1 + random.nextInt(4000));
            } else {
                Thread.sleep(random.nextInt(30));
            }
        }
        tally.count(reads ? "left in the reply" : "left in the prompt");
    }

    private void abandonHead(int number) throws IOException {
        byte[] whole = request(json(number, true));
        try (Socket socket = connect()) {
            socket.getOutputStream().write(whole, 0, random.nextInt(whole.length));
        }
        tally.count("left before the request was whole");
    }

    /** Sends a request with some replaced bytes, which must be answered or refused. */
    private void damaged(int number) throws IOException, InterruptedException {
        byte[] body = json(number, false).getBytes(StandardCharsets.UTF_8);
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            body[random.nextInt(body.length)] = (byte) random.nextInt(256);
        }
        int status = post(body).statusCode();
        if (status == 200 || status == 400) {
            tally.count("damaged, status " + status);
        } else {
            tally.fault("damaged, status " + status);
        }
    }

    private void stream(int number, boolean slowly) throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        StringBuilder raw = new StringBuilder();
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request(json(number, true)));
            InputStream in = socket.getInputStream();
            byte[] some = new byte[slowly ? 200 : 8192];
            for (int n = in.read(some); n >= 0; n = in.read(some)) {
                raw.append(new String(some, 0, n, StandardCharsets.ISO_8859_1));
                if (slowly) {
                    Thread.sleep(5);
                }
            }
        }
        String answer = new String(raw.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        if (answer.startsWith("HTTP/1.1 429")) {
            tally.count("refused, queue full");
            return;
        }
        for (String line : answer.split("\r?\n", -1)) {
            if (line.startsWith("data: {")) {
                text.append(choice(line.substring(6)));
            }
        }
        if (!answer.contains("data: [DONE]")) {
            tally.fault("a stream without an end: " + answer.lines().findFirst().orElse(""));
        } else {
            compare(alone.get(number), text.toString());
        }
    }

    /** Waits until the server is idle. {@return false if that takes too long} */
    boolean isIdle() throws IOException, InterruptedException {
        HttpRequest metrics =
                HttpRequest.newBuilder(url.resolve("/metrics")).timeout(LIMIT).build();
        for (int i = 0; i < 600; i++) {
            String text = client.send(metrics, BodyHandlers.ofString()).body();
            if (text.contains("\nwaterspout_requests_running 0\n")
                    && text.contains("\nwaterspout_requests_waiting 0\n")) {
                return true;
            }
            Thread.sleep(100);
        }
        return false;
    }
}
