package dev.waterspout.engine.cli.lab;

import dev.waterspout.engine.cli.file.TraceReader;
import dev.waterspout.engine.cli.print.ExitCode;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Draws results as one page that needs nothing else. */
@Command(
        name = "report",
        description =
                "Draws results of benchmarks/ttft and benchmarks/quality, and timelines of --profile, as one page that"
                        + " opens without a network.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class ReportCommand implements Callable<Integer> {
    private static final String PAGE = "/dev/waterspout/engine/report/report.html";
    private static final String SCRIPT = "/dev/waterspout/engine/report/report.js";
    private static final String LIBRARY = "/META-INF/resources/webjars/echarts/5.3.1/dist/echarts.common.min.js";
    private static final String TTFT_SCHEMA = "waterspout-ttft-1";

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "RESULTS.json",
            description =
                    "Files of benchmarks/ttft (an object), benchmarks/quality (an array) and --profile (an object).")
    private List<Path> inputs = List.of();

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "FILE",
            description = "The page to write.")
    private Path output = Path.of("");

    @Override
    public Integer call() throws IOException {
        JsonArrayBuilder ttft = Json.createArrayBuilder();
        JsonArrayBuilder quality = Json.createArrayBuilder();
        List<JsonObject> traces = new ArrayList<>();
        for (Path input : inputs) {
            JsonValue results = read(input);
            if (results instanceof JsonObject object
                    && object.getString("schema", "").equals(TTFT_SCHEMA)
                    && object.get("cells") instanceof JsonArray cells
                    && cells.stream().allMatch(ReportCommand::isCell)) {
                ttft.add(object);
            } else if (results instanceof JsonObject object && TraceReader.isTrace(object)) {
                traces.add(object);
            } else if (results instanceof JsonArray array && array.stream().allMatch(ReportCommand::isMeasurement)) {
                array.forEach(quality::add);
            } else {
                throw new IOException(input + " holds neither an object of the schema " + TTFT_SCHEMA
                        + " nor a trace of --profile nor an array of measurements that have formats");
            }
        }
        String data = Json.createObjectBuilder()
                .add("ttft", ttft)
                .add("quality", quality)
                .add("trace", traces.isEmpty() ? JsonValue.NULL : TraceReader.page(traces))
                .build()
                .toString();
        // Inside of a script element only its end tag means anything; JSON may have it in a string.
        Files.writeString(
                output,
                resource(PAGE)
                        .replace("@DATA@", data.replace("<", "\\u003c"))
                        .replace("@LIBRARY@", resource(LIBRARY))
                        .replace("@SCRIPT@", resource(SCRIPT)));
        Objects.requireNonNull(spec).commandLine().getErr().println(output + ": " + Files.size(output) + " bytes");
        return ExitCode.OK;
    }

    private static boolean isCell(JsonValue value) {
        return value instanceof JsonObject cell
                && cell.containsKey("model")
                && cell.containsKey("ttftSeconds")
                && cell.get("prefill") instanceof JsonObject prefill
                && prefill.get("ranks") instanceof JsonArray;
    }

    private static boolean isMeasurement(JsonValue value) {
        return value instanceof JsonObject measurement && measurement.get("formats") instanceof JsonArray;
    }

    private static JsonValue read(Path input) throws IOException {
        if (!Files.isRegularFile(input)) {
            throw new IOException(input + " is not a file");
        }
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(input))) {
            return reader.readValue();
        } catch (JsonException malformed) {
            throw new IOException(input + " is not JSON: " + malformed.getMessage(), malformed);
        }
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(ReportCommand.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
