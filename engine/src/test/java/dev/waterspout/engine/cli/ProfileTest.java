package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waterspout.emulator.DeviceSpec;
import dev.waterspout.emulator.EmulatedPlatform;
import dev.waterspout.engine.cli.print.ExitCode;
import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * {@code --profile} writes a file in the Trace Event Format, in which every phase occurs as often as the run executes
 * it.
 */
@Timeout(180)
class ProfileTest {
    private static final int LAYERS = 4;
    private static final int PREDICTED = 4;
    private static final String[] PROMPT = {
        "generate", "-p", "We the people", "-n", Integer.toString(PREDICTED), "--temp", "0", "-c", "32", "-t", "2"
    };

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
    }

    private JsonObject profile(String... more) throws IOException {
        Path file = folder.resolve("trace.json");
        String[] all = Stream.of(PROMPT, new String[] {"--stats", "none", "--profile", file.toString()}, more)
                .flatMap(Stream::of)
                .toArray(String[]::new);
        assertThat(run(all)).as(err.toString()).isZero();
        assertThat(err.toString()).contains("profile: " + file);
        return read(file);
    }

    private static JsonObject read(Path file) throws IOException {
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(file))) {
            return reader.readObject();
        }
    }

    private static List<JsonObject> events(JsonObject trace, String kind) {
        return trace.getJsonArray("traceEvents").getValuesAs(JsonObject.class).stream()
                .filter(event -> event.getString("ph").equals(kind))
                .toList();
    }

    /** The number of events of each category of one rank. */
    private static Map<String, Long> counts(JsonObject trace, int rank) {
        return events(trace, "X").stream()
                .filter(event -> event.getInt("pid") == rank)
                .collect(Collectors.groupingBy(event -> event.getString("cat"), TreeMap::new, Collectors.counting()));
    }

    /**
     * Checks the rules of the format for the two kinds of events that are used, and that the slices of a thread nest.
     */
    private static void assertFollowsTheFormat(JsonObject trace) {
        assertThat(trace.getString("displayTimeUnit")).isIn("ms", "ns");
        assertThat(events(trace, "X").size() + events(trace, "M").size())
                .isEqualTo(trace.getJsonArray("traceEvents").size());
        Set<String> named = events(trace, "M").stream()
                .map(event -> event.getString("name") + event.getInt("pid") + ":" + event.getInt("tid")
                        + event.getJsonObject("args").getString("name").isEmpty())
                .collect(Collectors.toSet());
        Map<String, Deque<long[]>> open = new TreeMap<>();
        for (JsonObject event : events(trace, "X")) {
            assertThat(event.get("name")).isInstanceOf(JsonString.class);
            assertThat(event.get("cat")).isInstanceOf(JsonString.class);
            assertThat(event.get("ts")).isInstanceOf(JsonNumber.class);
            assertThat(event.get("dur")).isInstanceOf(JsonNumber.class);
            String thread = event.getInt("pid") + ":" + event.getInt("tid");
            assertThat(named)
                    .contains("process_name" + event.getInt("pid") + ":0false", "thread_name" + thread + "false");
            long start = nanos(event, "ts");
            long end = start + nanos(event, "dur");
            assertThat(start).isPositive();
            assertThat(end).isGreaterThanOrEqualTo(start);
            Deque<long[]> holders = open.computeIfAbsent(thread, _ -> new ArrayDeque<>());
            while (!holders.isEmpty() && holders.peek()[1] <= start) {
                holders.pop();
            }
            if (!holders.isEmpty()) {
                assertThat(start).as(event.toString()).isGreaterThanOrEqualTo(holders.peek()[0]);
                assertThat(end).as(event.toString()).isLessThanOrEqualTo(holders.peek()[1]);
            }
            holders.push(new long[] {start, end});
        }
    }

    private static long nanos(JsonObject event, String key) {
        return event.getJsonNumber(key).bigDecimalValue().movePointRight(3).longValueExact();
    }

    @Test
    void aHostRunHasTheEventsOfEveryLayerAndToken() throws IOException {
        JsonObject trace = profile("-tp", "2", "--comm", "e2m1:32:e8m0");
        String text = out.toString();

        assertFollowsTheFormat(trace);
        assertThat(trace.getJsonObject("otherData").getString("schema")).isEqualTo("waterspout-trace-1");
        assertThat(trace.getJsonObject("otherData").getInt("phasesLeftOut")).isZero();
        // The last sampled token needs no forward pass.
        long passes = 1 + PREDICTED - 1;
        long halves = passes * LAYERS * 2;
        for (int rank = 0; rank < 2; rank++) {
            Map<String, Long> counts = counts(trace, rank);
            assertThat(counts)
                    .containsEntry("forward", passes)
                    .containsEntry("half layer", halves)
                    .containsEntry("collective", halves)
                    .containsEntry("output", passes)
                    .containsEntry("embed", passes)
                    .containsEntry("attention", passes * LAYERS)
                    .containsEntry("rope", passes * LAYERS)
                    .containsEntry("swiglu", passes * LAYERS)
                    .containsEntry("linear", passes * (4 * LAYERS + 1))
                    .containsEntry("norm", passes * (2 * LAYERS + 1))
                    .containsEntry("quantize", halves);
            assertThat(counts.get("dequantize-sum")).isGreaterThanOrEqualTo(halves);
            assertThat(counts.get("transfer")).isGreaterThanOrEqualTo(halves);
            assertThat(counts).doesNotContainKeys("kernel", "task graph");
        }
        List<Integer> layers = events(trace, "X").stream()
                .filter(event -> event.getString("name").equals("attention half"))
                .map(event -> event.getJsonObject("args").getInt("number"))
                .distinct()
                .sorted()
                .toList();
        assertThat(layers).containsExactly(0, 1, 2, 3);

        out.getBuffer().setLength(0);
        String[] plain = Stream.of(PROMPT, new String[] {"--stats", "none", "-tp", "2", "--comm", "e2m1:32:e8m0"})
                .flatMap(Stream::of)
                .toArray(String[]::new);
        assertThat(run(plain)).isZero();
        assertThat(out.toString()).isEqualTo(text);
    }

    @Test
    void aDeviceRunHasTaskGraphsKernelsAndTransfers() throws IOException {
        boolean real = FloatArray.class.getModule().isNamed();
        String device = real ? "tornado:opencl:0" : "emulator:0";
        if (!real) {
            EmulatedPlatform.configure(DeviceSpec.cpu().withoutRaceDetection());
        }
        JsonObject trace;
        try {
            trace = profile("-tp", "2", "--comm", "e2m1", "--device", device + ",host", "-b", "4");
        } finally {
            if (!real) {
                EmulatedPlatform.reset();
            }
        }

        assertFollowsTheFormat(trace);
        Map<String, Long> counts = counts(trace, 0);
        assertThat(counts).containsKeys("task graph", "kernel", "copy-in", "copy-out", "quantize", "collective");
        assertThat(counts).doesNotContainKeys("linear", "norm");
        if (real) {
            assertThat(counts).containsKey("dispatch");
        }
        assertThat(counts.get("kernel")).isEqualTo(counts.get("task graph"));
        assertThat(counts(trace, 1)).containsKey("linear").doesNotContainKey("kernel");
        // The device is busy for at most as long as its thread waits for it.
        long waited = sum(trace, "task graph");
        assertThat(sum(trace, "kernel")).isPositive().isLessThanOrEqualTo(waited);
    }

    private static long sum(JsonObject trace, String category) {
        return events(trace, "X").stream()
                .filter(event -> event.getString("cat").equals(category))
                .mapToLong(event -> nanos(event, "dur"))
                .sum();
    }

    @Test
    void benchesAreProfiledToo() throws IOException {
        Path file = folder.resolve("bench.json");
        int code = run("bench", "-t", "1", "-p", "8", "-n", "0", "-r", "1", "--profile", file.toString());
        assertThat(code).as(err.toString()).isZero();
        JsonObject trace = read(file);

        assertFollowsTheFormat(trace);
        // The profile has no warm-up.
        assertThat(counts(trace, 0)).containsEntry("forward", 1L).containsKeys("linear", "collective");
    }

    @Test
    void reportsDrawTraces() throws IOException {
        Path file = folder.resolve("trace.json");
        profile("-tp", "2", "--comm", "e2m1");
        Path page = folder.resolve("page.html");
        assertThat(run("report", file.toString(), "-o", page.toString()))
                .as(err.toString())
                .isZero();
        String text = Files.readString(page);
        int start = text.indexOf("id=\"data\">") + "id=\"data\">".length();
        JsonObject data;
        try (JsonReader reader =
                Json.createReader(new StringReader(text.substring(start, text.indexOf("</script>", start))))) {
            data = reader.readObject().getJsonObject("trace");
        }

        assertThat(data.getJsonArray("lanes").getValuesAs(JsonString::getString))
                .containsExactly("rank 0 on host, rank's thread", "rank 1 on host, rank's thread");
        assertThat(data.getJsonArray("slices").getJsonArray(0).getString(1)).isEqualTo("forward");
        assertThat(data.getJsonArray("slices").getJsonArray(0).getJsonNumber(4).doubleValue())
                .isZero();
        int slices = data.getJsonArray("slices").size() + data.getInt("leftOut");
        assertThat(slices).isGreaterThan(2 * 4 * LAYERS * 15);
        JsonObject trace = read(file);
        long linear = counts(trace, 0).getOrDefault("linear", 0L);
        assertThat(data.getJsonArray("totals").stream()
                        .map(total -> total.asJsonArray())
                        .filter(total ->
                                total.getInt(0) == 0 && total.getString(1).equals("linear"))
                        .map(total -> (long) total.getInt(3)))
                .containsExactly(linear);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"traceEvents\": []}",
                "{\"traceEvents\": [3]}",
                "{\"traceEvents\": [{\"ph\": \"X\", \"name\": \"a\", \"ts\": 1, \"dur\": \"x\", \"pid\": 0, \"tid\":"
                        + " 0}]}",
                "{\"traceEvents\": [{\"name\": \"a\"}]}",
            })
    void filesThatAreNoTracesAreRefusedInOneSentence(String text) throws IOException {
        Path input = Files.writeString(folder.resolve("in.json"), text);

        assertThat(run(
                        "report",
                        input.toString(),
                        "-o",
                        folder.resolve("page.html").toString()))
                .isEqualTo(ExitCode.MODEL_OR_FILE);
        assertThat(err.toString().strip()).startsWith("waterspout: " + input).hasLineCount(1);
    }

    @Test
    void anUnwritableFileIsRefusedBeforeTheRun() {
        Path file = folder.resolve("absent").resolve("trace.json");
        int code = run("generate", "-p", "We", "-n", "2", "--profile", file.toString());

        assertThat(code).isEqualTo(ExitCode.MODEL_OR_FILE);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString().strip())
                .isEqualTo(
                        "waterspout: profile " + file + " cannot be written: " + file.getParent() + " is not a folder");
    }

    @Test
    void everyRankAfterRank0WritesItsOwnFile() throws Exception {
        assumeFalse(FloatArray.class.getModule().isNamed(), "one repetition is enough");
        boolean found;
        try {
            found = new ProcessBuilder("mpirun", "--version").start().waitFor() == 0;
        } catch (IOException absent) {
            found = false;
        }
        assumeTrue(found, "no mpirun on the PATH");
        Path file = folder.resolve("trace.json");
        List<String> command = List.of(
                "mpirun",
                "--allow-run-as-root",
                "--oversubscribe",
                "-np",
                "2",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xss2m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName());
        Process process = new ProcessBuilder(Stream.of(
                                command,
                                List.of(PROMPT),
                                List.of("--comm", "e2m1", "--stats", "none", "--profile", file.toString()))
                        .flatMap(List::stream)
                        .toList())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        Path second = folder.resolve("trace-rank1.json");
        assertThat(counts(read(file), 0)).containsKey("transfer");
        assertThat(counts(read(second), 1)).containsKey("transfer");
        assertThat(run(
                        "report",
                        file.toString(),
                        second.toString(),
                        "-o",
                        folder.resolve("page.html").toString()))
                .isZero();
    }
}
