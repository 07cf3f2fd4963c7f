package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.testing.Browser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
         "dequantizeSumSeconds": 0.02, "bytesSent": 1000000, "messages": 24}\
        """;
    private static final String QUALITY = """
        [{"model": "m", "text": "t", "ranks": 2, "collective": "allgather", "formats": [
          {"format": "e2m1:32:e8m0", "bitsPerElement": 4.25, "increasePercent": 0.8, "increaseErrorPercent": 0.1},
          {"format": "int4:token", "bitsPerElement": 4.3, "increasePercent": 9.0, "increaseErrorPercent": 0.2},
          {"format": "bf16", "bitsPerElement": 16, "increasePercent": -0.01, "increaseErrorPercent": 0.1}]}]\
        """;

    private static String cell(String link, String comm, double seconds) {
        return """
            {"model": "mö</script>del", "ranks": 2, "linkGbps": "%s", "comm": "%s", "promptTokens": 128,
             "ttftSeconds": %s, "predictedTtftSeconds": 0.4, "predictionError": 0.1, "decodeTokensPerSecond": 20,
             "shape": {"layers": 4, "width": 256, "heads": 8, "kvHeads": 4, "ffnWidth": 768},
             "prefill": {"ranks": [%s, %s]}}\
            """.formatted(link, comm, seconds, RANK.formatted(0, seconds / 2), RANK.formatted(1, seconds / 3));
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
    void thePageLoadsNoOtherFile(@TempDir Path folder) throws IOException {
        String page = Files.readString(page(folder));
        int library = page.indexOf("<script>");
        assertThat(page.indexOf("Apache License, Version 2.0", library)).isPositive();
        page = page.substring(0, library) + page.substring(page.indexOf("</script>", library));
        assertThat(page).doesNotContain("@DATA@", "@LIBRARY@", "@SCRIPT@");
        assertThat(Pattern.compile("<(script|link|img|iframe)[^>]*(src|href)=")
                        .matcher(page)
                        .find())
                .isFalse();
        // The data must not close its script element: the page has three scripts and three closing tags.
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

    /**
     * A browser runs only scripts with these digests, so neither an attribute nor an element made from a string can
     * run code.
     */
    @Test
    void theContentSecurityPolicyListsTheDigestsOfBothScripts(@TempDir Path folder) throws Exception {
        String page = Files.readString(page(folder));
        Matcher policy = Pattern.compile("Content-Security-Policy\" content=\"default-src 'none'; "
                        + "style-src 'unsafe-inline'; script-src ([^\"]*)\"")
                .matcher(page);
        assertThat(policy.find()).isTrue();
        List<String> hashes = new ArrayList<>();
        Matcher scripts =
                Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL).matcher(page);
        while (scripts.find()) {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(scripts.group(1).getBytes(StandardCharsets.UTF_8));
            hashes.add("'sha256-" + Base64.getEncoder().encodeToString(digest) + "'");
        }
        assertThat(List.of(policy.group(1).split(" "))).hasSize(2).isEqualTo(hashes);
    }

    private static final String HOSTILE = "<img src=x onerror=alert(1)>&\"'</script>@LIBRARY@@SCRIPT@@DATA@";

    private static Path hostilePage(Path folder) throws IOException {
        String json = HOSTILE.replace("\"", "\\\"");
        Path ttft = Files.writeString(
                folder.resolve("ttft.json"),
                ttft().replace("e2m1:32:e8m0", json).replace("two cores", json));
        Path quality = Files.writeString(folder.resolve("quality.json"), QUALITY.replace("e2m1:32:e8m0", json));
        Path trace = Files.writeString(folder.resolve("trace.json"), """
            {"otherData": {"machine": "%1$s"}, "traceEvents": [
              {"ph": "M", "name": "process_name", "pid": "%1$s", "args": {"name": "%1$s"}},
              {"ph": "M", "name": "process_name", "pid": 0, "args": {"name": "%1$s"}},
              {"ph": "X", "name": "%1$s", "cat": "forward", "pid": 0, "tid": 0, "ts": 0, "dur": 9},
              {"ph": "X", "name": "%1$s", "cat": "%1$s", "pid": 0, "tid": 0, "ts": 1, "dur": 2}]}\
            """.formatted(json));
        Path page = folder.resolve("hostile.html");
        Run run = run("report", ttft.toString(), quality.toString(), trace.toString(), "-o", page.toString());
        assertThat(run.code).as(run.err).isZero();
        return page;
    }

    @Test
    void stringsOfFilesAreEscapedInTheData(@TempDir Path folder) throws IOException {
        String page = Files.readString(hostilePage(folder));
        int library = page.indexOf("<script>");
        String own = page.substring(0, library) + page.substring(page.indexOf("</script>", library));
        assertThat(own.contains("<img")).isFalse();
        assertThat(own.contains("\\u003cimg src=x onerror=alert(1)>")).isTrue();
        assertThat(page.split("</script>", -1))
                .as("number of parts between closing script tags")
                .hasSize(4);
        // The names of the page's placeholders stay text in the data.
        assertThat(own.contains("@LIBRARY@@SCRIPT@@DATA@")).isTrue();
        assertThat(own.split("'use strict';", -1).length).isEqualTo(2);
    }

    /**
     * Runs the page's script with a document that only records, and checks the HTML that it gives to ECharts and the
     * text that it puts into elements.
     */
    @Test
    void theScriptEscapesStringsInHtml(@TempDir Path folder) throws IOException, InterruptedException {
        Optional<Path> node = Browser.onPath("node");
        Assumptions.assumeTrue(node.isPresent(), "there is no node on the PATH: the page's script did not run");
        Path script = Files.writeString(folder.resolve("run.js"), """
            const page = require('fs').readFileSync(process.argv[2], 'utf8');
            const data = page.match(/id="data">(.*?)<\\/script>/s)[1];
            const code = page.slice(page.lastIndexOf('<script>') + 8, page.lastIndexOf('</script>'));
            const html = [];
            const elements = new Map();
            const element = () => ({ style: {}, dataset: {}, value: '', selectedIndex: 0, append() {}, setAttribute() \
            {},
              addEventListener() {}, insertAdjacentHTML(_, text) { html.push(text); },
              set innerHTML(text) { html.push(text); }, set outerHTML(text) { html.push(text); },
              replaceChildren(first) { if (first && first.value !== undefined) this.value = first.value; } });
            const byId = id => { if (!elements.has(id)) elements.set(id, element()); return elements.get(id); };
            byId('data').textContent = data;
            const hostile = JSON.parse(data).quality[0].formats[0].format;
            globalThis.document = { documentElement: {}, getElementById: byId, createElement: element,
              createElementNS: element, createTextNode: text => text, write(text) { html.push(text); } };
            globalThis.getComputedStyle = () => ({ getPropertyValue: () => '' });
            globalThis.Option = function (text, value) { this.text = text; this.value = value; };
            globalThis.matchMedia = () => ({ addEventListener() {} });
            globalThis.addEventListener = () => {};
            let tooltips = 0;
            globalThis.echarts = { init: () => ({ resize() {}, setOption(option) {
              if (typeof option.tooltip.formatter !== 'function') return;
              tooltips++;
              html.push(option.tooltip.formatter({ name: hostile, seriesName: hostile, value: [hostile, hostile],
                seriesIndex: 0, data: { exact: hostile } }));
            } }) };
            eval(code);
            console.log(tooltips + ' tooltips');
            html.forEach(text => console.log(text));
            """);
        Path out = folder.resolve("out.txt");
        Process process = new ProcessBuilder(
                        node.get().toString(),
                        script.toString(),
                        hostilePage(folder).toString())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        List<String> printed = Files.readAllLines(out);
        assertThat(process.exitValue()).as(printed.toString()).isZero();
        assertThat(printed.getFirst()).isEqualTo("2 tooltips");
        assertThat(printed).hasSizeGreaterThan(2).noneMatch(line -> line.contains("<img"));
        assertThat(printed).anyMatch(line -> line.startsWith("&#60;img src=x onerror=alert(1)&#62;&#38;&#34;&#39;"));
    }

    @Test
    void aBrowserDrawsAllCharts(@TempDir Path folder) throws IOException, InterruptedException {
        Optional<Path> browser = Browser.find();
        Assumptions.assumeTrue(browser.isPresent(), "there is no chromium on the PATH: the page was not drawn");
        Path page = page(folder);
        String drawn = dump(browser.get(), page, folder);
        for (String chart : List.of("ttft", "bars", "layer", "pareto")) {
            String svg = svg(drawn, chart);
            assertThat(svg).as(chart).contains("<path", "<text");
        }
        // One line per format and its legend entry; the axes are named.
        assertThat(svg(drawn, "ttft")).contains(">bf16</text>", ">e2m1:32:e8m0</text>", ">Gbit/s each way</text>");
        assertThat(svg(drawn, "ttft").split("#0072b2", -1)).hasSizeGreaterThan(4);
        // The slowest link: two formats of two ranks, with four parts each.
        for (String colour : List.of("#8a9bb0", "#e69f00", "#d55e00", "#0072b2")) {
            assertThat(svg(drawn, "bars").split("fill=\"" + colour, -1)).hasSizeGreaterThan(4);
            assertThat(svg(drawn, "layer").split("fill=\"" + colour, -1)).hasSizeGreaterThan(8);
        }
        assertThat(svg(drawn, "bars")).contains(">bf16, rank 1</text>");
        assertThat(svg(drawn, "pareto")).contains(">e2m1:32:e8m0</text>", ">bits per element</text>");
        // The table beside the chart: bf16 takes twice as long at 0.1 Gbit/s.
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
}
