package dev.waterspout.benchmarks.serve;

import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Generates load for a server of OpenAI's interface on this machine, of Waterspout or of another program. The loop is
 * open: requests arrive at their times even if the server is slow. Replies are streamed, and have the planned length if
 * the server supports {@code ignore_eos}. Tokens are counted by the server; if it does not, events with text are
 * counted.
 */
public final class ServeLoad {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    /** Most seconds to the first token of a request that counts as good. */
    private static final double FIRST_LIMIT = 2;

    /** Most seconds between two tokens of such a request. */
    private static final double NEXT_LIMIT = 0.2;

    /** An event that has text. */
    private static final Pattern PIECE = Pattern.compile("\"(?:text|content)\":\\s*\"[^\"]");

    /** Number of tokens of the reply, in the last events. */
    private static final Pattern COUNT = Pattern.compile("\"completion_tokens\":\\s*([0-9]+)");

    private static final String WORDS = "one two three four five six seven eight nine ten ";

    private final URI url;
    private final HttpClient client = HttpClient.newHttpClient();
    private final LoadReport report;

    private ServeLoad(URI url, LoadReport report) throws IOException {
        this.url = LocalServer.require(url);
        this.report = report;
    }

    /**
     * Runs one load after another and prints the figures of each. Loads of the same shape, whose figures are not
     * printed, come first: the JVM of the server, and the one of this program, compile their code meanwhile.
     *
     * @param arguments address such as http://127.0.0.1:8080, requests, requests per second, median tokens of prompts
     *     and of replies, largest multiple of these medians, least seconds of the loads that come first, and a seed for
     *     each load
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length < 8) {
            throw new IllegalArgumentException("arguments: URL REQUESTS RATE PROMPT-TOKENS REPLY-TOKENS MOST-MEDIANS"
                    + " WARM-UP-SECONDS SEED [SEED...]");
        }
        URI url = URI.create(arguments[0]);
        LoadPlan.Shape shape = new LoadPlan.Shape(
                Integer.parseInt(arguments[1]),
                Double.parseDouble(arguments[2]),
                Integer.parseInt(arguments[3]),
                Integer.parseInt(arguments[4]),
                Double.parseDouble(arguments[5]),
                0);
        List<Long> seeds = Stream.of(arguments).skip(7).map(Long::parseLong).toList();
        measure(url, shape, Double.parseDouble(arguments[6]), seeds, System.out);
    }

    /** Prints the figures of a load for each seed, after loads of at least the given seconds in total. */
    static void measure(URI url, LoadPlan.Shape shape, double warmUp, List<Long> seeds, PrintStream out)
            throws IOException, InterruptedException {
        double left = warmUp;
        for (long seed = -1; left > 0; seed--) {
            left -= run(url, LoadPlan.of(shape.withSeed(seed)), new LoadReport(FIRST_LIMIT, NEXT_LIMIT));
        }
        for (long seed : seeds) {
            LoadReport report = new LoadReport(FIRST_LIMIT, NEXT_LIMIT);
            double seconds = run(url, LoadPlan.of(shape.withSeed(seed)), report);
            out.print(report.text(seconds));
        }
    }

    /** Runs a plan. {@return the duration in seconds} */
    static double run(URI url, LoadPlan plan, LoadReport report) throws IOException, InterruptedException {
        ServeLoad load = new ServeLoad(url, report);
        long begun = System.nanoTime();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (LoadPlan.Arrival arrival : plan.requests()) {
                long due = begun + (long) (1e9 * arrival.seconds());
                TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
                threads.execute(() -> load.send(arrival, due));
            }
        }
        load.client.close();
        return (System.nanoTime() - begun) / 1e9;
    }

    private void send(LoadPlan.Arrival arrival, long due) {
        String prompt = WORDS.repeat(arrival.promptTokens() / 10 + 1);
        String json = PlainJson.text(PlainJson.object(
                "prompt",
                prompt,
                "max_tokens",
                arrival.replyTokens(),
                "stream",
                true,
                "stream_options",
                PlainJson.object("include_usage", true),
                "ignore_eos",
                true));
        HttpRequest request = HttpRequest.newBuilder(url.resolve("/v1/completions"))
                .header("Content-Type", "application/json")
                .timeout(LIMIT)
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
        try {
            HttpResponse<Stream<String>> response = client.send(request, BodyHandlers.ofLines());
            List<Long> times = new ArrayList<>();
            int counted = 0;
            try (Stream<String> lines = response.body()) {
                Iterator<String> each = lines.iterator();
                while (each.hasNext()) {
                    String line = each.next();
                    if (line.startsWith("data: {") && PIECE.matcher(line).find()) {
                        times.add(System.nanoTime());
                    }
                    Matcher count = COUNT.matcher(line);
                    counted = count.find() ? Integer.parseInt(count.group(1)) : counted;
                }
            }
            report.add(outcome(response.statusCode(), due, times, counted));
        } catch (IOException failed) {
            report.add(new LoadReport.Outcome(0, 0, List.of(), 0));
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private static LoadReport.Outcome outcome(int status, long due, List<Long> times, int counted) {
        if (status != 200 || times.isEmpty()) {
            return new LoadReport.Outcome(status == 200 ? 0 : status, 0, List.of(), 0);
        }
        List<Double> between = new ArrayList<>();
        for (int i = 1; i < times.size(); i++) {
            between.add((times.get(i) - times.get(i - 1)) / 1e9);
        }
        return new LoadReport.Outcome(
                status, (times.getFirst() - due) / 1e9, between, counted == 0 ? times.size() : counted);
    }
}
