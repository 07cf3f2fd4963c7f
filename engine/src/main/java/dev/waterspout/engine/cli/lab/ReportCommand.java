package dev.waterspout.engine.cli.lab;

import dev.waterspout.engine.cli.file.JsonFile;
import dev.waterspout.engine.cli.file.TraceReader;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.kernels.files.FileReplacement;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code lab report}: draws results on one self-contained page. */
@Command(
        name = "report",
        description = "Draws results of benchmarks/ttft and benchmarks/quality, and timelines of --profile, on one page"
                + " that needs no network.",
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
            JsonValue results = JsonFile.read("results file", input);
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
        String page = page(data);
        FileReplacement.writeText(output, page);
        Objects.requireNonNull(spec).commandLine().getErr().println(output + ": " + Files.size(output) + " bytes");
        return ExitCode.OK;
    }

    /**
     * Returns the page. Its security policy has the digests of its two scripts, so a browser runs no script that a
     * string of a results file contains.
     */
    private static String page(String data) throws IOException {
        String library = resource(LIBRARY);
        String script = resource(SCRIPT);
        // The data are inserted last, because a string in them may equal the name of another placeholder. Inside a
        // script element only its end tag has a meaning; a JSON string may contain it.
        return resource(PAGE)
                .replace("@HASHES@", hash(library) + " " + hash(script))
                .replace("@LIBRARY@", library)
                .replace("@SCRIPT@", script)
                .replace("@DATA@", data.replace("<", "\\u003c"));
    }

    /** Source: W3C, "Content Security Policy Level 3", section 2.3.1. */
    private static String hash(String script) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException impossible) { // every JVM has it
            throw new IllegalStateException(impossible);
        }
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

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(ReportCommand.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
