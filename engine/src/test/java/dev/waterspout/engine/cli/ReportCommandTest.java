package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class ReportCommandTest {
    private static final String RANK = """
            {"rank": %d, "computeSeconds": 0.2, "quantizeSeconds": 0.01, "transferSeconds": %s,
             "dequantizeSumSeconds": 0.02, "bytesSent": 1000000, "messages": 24}""";
    private static final String QUALITY = """
            [{"model": "m", "text": "t", "ranks": 2, "collective": "allgather", "formats": [
              {"format": "e2m1:32:e8m0", "bitsPerElement": 4.25, "increasePercent": 0.8, "increaseErrorPercent": 0.1},
              {"format": "int4:token", "bitsPerElement": 4.3, "increasePercent": 9.0, "increaseErrorPercent": 0.2},
              {"format": "bf16", "bitsPerElement": 16, "increasePercent": -0.01, "increaseErrorPercent": 0.1}]}]""";

    private static String cell(String link, String comm, double seconds) {
        return """
            {"model": "mö</script>del", "ranks": 2, "linkGbps": "%s", "comm": "%s", "promptTokens": 128,
             "ttftSeconds": %s, "predictedTtftSeconds": 0.4, "predictionError": 0.1, "decodeTokensPerSecond": 20,
             "shape": {"layers": 4, "width": 256, "heads": 8, "kvHeads": 4, "ffnWidth": 768},
             "prefill": {"ranks": [%s, %s]}}""".formatted(link, comm, seconds, RANK.formatted(0, seconds / 2), RANK.formatted(1, seconds / 3));
    }

    private static String ttft() {
        return "{\"schema\": \"waterspout-ttft-1\", \"machine\": \"two cores\", \"cells\": ["
                + String.join(
                        ",",
                        cell("0.1", "bf16", 1.6),
                        cell("0.1", "e2m1:32:e8m0", 0.8),
                        cell("1", "bf16", 0.4),
                        cell("1", "e2m1:32:e8m0", 0.3),
                        cell("unlimited", "bf16", 0.25))
                + "]}";
    }

    private record Run(int code, String err) {}

    private static Run run(String... arguments) {
        StringWriter err = new StringWriter();
        int code = Main.run(arguments, new PrintWriter(new StringWriter()), new PrintWriter(err));
        return new Run(code, err.toString());
    }

    private static Path page(Path folder) throws IOException {
        Path ttft = Files.writeString(folder.resolve("ttft.json"), ttft());
        Path quality = Files.writeString(folder.resolve("quality.json"), QUALITY);
        Path page = folder.resolve("report.html");
        Run run = run("report", ttft.toString(), quality.toString(), "-o", page.toString());
        assertThat(run.code).as(run.err).isZero();
        return page;
    }

    @Test
    void thePageNeedsNothingElse(@TempDir Path folder) throws IOException {
        String page = Files.readString(page(folder));
        int library = page.indexOf("<script>");
        assertThat(page.indexOf("Apache License, Version 2.0", library)).isPositive();
        page = page.substring(0, library) + page.substring(page.indexOf("</script>", library));
        assertThat(page).doesNotContain("@DATA@", "@LIBRARY@", "@SCRIPT@");
        assertThat(Pattern.compile("<(script|link|img|iframe)[^>]*(src|href)=")
                        .matcher(page)
                        .find())
                .isFalse();
        // The data must not end its own element: there are three scripts, and three ends.
        assertThat(page.split("</script>", -1)).hasSize(4);
        assertThat(page).contains("mö\\u003c/script>del");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{}", "3", "[3]", "{\"schema\": \"waterspout-ttft-1\", \"cells\": [{}]}"})
    void otherFilesAreOneSentenceAndExitCode3(String text, @TempDir Path folder) throws IOException {
        Path input = Files.writeString(folder.resolve("in.json"), text);
        Run run =
                run("report", input.toString(), "-o", folder.resolve("out.html").toString());
        assertThat(run.code).isEqualTo(3);
        assertThat(run.err.lines().findFirst().orElseThrow()).contains("in.json");
        assertThat(folder.resolve("out.html")).doesNotExist();
        assertThat(run("report", "absent.json", "-o", folder.resolve("out.html").toString()).code)
                .isEqualTo(3);
    }

    @Test
    void aBrowserDrawsAllCharts(@TempDir Path folder) throws IOException, InterruptedException {
        Optional<Path> browser = browser();
        Assumptions.assumeTrue(browser.isPresent(), "there is no chromium on the PATH: the page was not drawn");
        Path page = page(folder);
        String drawn = dump(browser.get(), page, folder);
        for (String chart : List.of("ttft", "bars", "layer", "pareto")) {
            String svg = svg(drawn, chart);
            assertThat(svg).as(chart).contains("<path", "<text");
        }
        // A line per format, and its legend; axes have their names.
        assertThat(svg(drawn, "ttft")).contains(">bf16</text>", ">e2m1:32:e8m0</text>", ">Gbit/s each way</text>");
        assertThat(svg(drawn, "ttft").split("#0072b2", -1)).hasSizeGreaterThan(4);
        // On the slowest link: two formats of two ranks, four parts each.
        for (String colour : List.of("#8a9bb0", "#e69f00", "#d55e00", "#0072b2")) {
            assertThat(svg(drawn, "bars").split("fill=\"" + colour, -1)).hasSizeGreaterThan(4);
            assertThat(svg(drawn, "layer").split("fill=\"" + colour, -1)).hasSizeGreaterThan(8);
        }
        assertThat(svg(drawn, "bars")).contains(">bf16, rank 1</text>");
        assertThat(svg(drawn, "pareto")).contains(">e2m1:32:e8m0</text>", ">bits per element</text>");
        // The table beside: bf16 takes twice as long at 0.1 Gbit/s.
        assertThat(drawn).contains("<td>800.0</td><td>2.00</td>");
        assertThat(drawn.replaceAll("(?s).*<table>(.*?)</table>.*", "$1")).contains("<td>");
    }

    private static String svg(String drawn, String chart) {
        int from = drawn.indexOf("id=\"" + chart + "\"");
        int start = drawn.indexOf("<svg", from);
        assertThat(from).as(chart).isPositive();
        assertThat(start).as(chart).isPositive();
        assertThat(drawn.substring(from, start)).as(chart).doesNotContain("</section>");
        return drawn.substring(start, drawn.indexOf("</svg>", start));
    }

    private static String dump(Path browser, Path page, Path folder) throws IOException, InterruptedException {
        Path out = folder.resolve("dom.html");
        Process process = new ProcessBuilder(
                        browser.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-background-networking",
                        "--no-first-run",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "--virtual-time-budget=5000",
                        "--dump-dom",
                        page.toUri().toString())
                .redirectOutput(out.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(out, StandardCharsets.UTF_8);
    }

    private static Optional<Path> browser() {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
