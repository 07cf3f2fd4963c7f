package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.cli.print.ExitCode;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class BenchCommandTest {
    /** The embedded model with so few tokens that a run takes milliseconds. */
    private static final String TINY = "bench -r 2 --no-warmup ";

    private record Run(int code, String out, String err) {}

    private static Run run(String line) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(line.split(" "), new PrintWriter(out), new PrintWriter(err));
        return new Run(code, out.toString(), err.toString());
    }

    private static List<JsonObject> rows(String line) {
        Run run = run(TINY + line + " -o json");
        assertThat(run.code).as(run.err).isZero();
        return Json.createReader(new StringReader(run.out)).readArray().getValuesAs(JsonObject.class);
    }

    @Test
    void everyCombinationOfListedValuesIsATest() {
        List<JsonObject> rows = rows("-p 8,4 -n 3 -pg 4,2 -d 0,5 -t 1,2 -b 4");
        List<String> found = new ArrayList<>();
        rows.forEach(row -> found.add(row.getInt("n_threads") + " " + row.getString("test")));
        List<String> expected = new ArrayList<>();
        for (int threads = 1; threads <= 2; threads++) {
            for (String depth : List.of("", " @ d5")) {
                for (String test : List.of("pp8", "pp4", "tg3", "pp4+tg2")) {
                    expected.add(threads + " " + test + depth);
                }
            }
        }
        assertThat(found).containsExactlyElementsOf(expected);
        assertThat(rows.getFirst().getInt("n_ctx")).isEqualTo(5 + 8);
        assertThat(rows.getFirst().getInt("n_batch")).isEqualTo(4);
    }

    @Test
    void tokensPerSecondBytesAndOperationsAgree() {
        JsonObject row = rows("-p 0 -n 4 -t 1").getFirst();
        assertThat(row.getString("model_filename")).isEqualTo("orator-q8_0.gguf");
        assertThat(row.getString("model_type")).isEqualTo("llama 3.7M Q8_0");
        assertThat(row.getString("devices")).isEqualTo("host");
        double seconds = 4 / number(row, "median_ts");
        double bytes = number(row, "read_gb_per_s") * 1e9 * seconds / 4;
        // Every token reads all weights of the file except the embedding table, of which it reads one row.
        assertThat(bytes).isBetween(0.5 * number(row, "model_size"), number(row, "model_size"));
        assertThat(number(row, "read_fraction"))
                .isEqualTo(number(row, "read_gb_per_s") / number(row, "ceiling_read_gb_per_s"), within(1e-9));
        assertThat(number(row, "flop_fraction"))
                .isEqualTo(number(row, "gflop_per_s") / number(row, "ceiling_gflop_per_s"), within(1e-9));
        assertThat(row.getJsonArray("samples_ns")).hasSize(2);
        assertThat(row.getJsonArray("samples_ts")).hasSize(2);
    }

    private static double number(JsonObject row, String name) {
        return row.getJsonNumber(name).doubleValue();
    }

    @Test
    void ranksAndFormatsAreGivenAsInGenerate() {
        JsonObject row =
                rows("-p 4 -n 0 -tp 2 --comm e2m1:32:e8m0 --device host").getFirst();
        assertThat(row.getInt("ranks")).isEqualTo(2);
        assertThat(row.getString("comm_prefill")).isEqualTo("allgather e2m1:32:e8m0");
        // The emulator's speed is no device's speed, so no ceiling is printed for it.
        JsonObject emulated = rows("-p 4 -n 0 --device emulator:0").getFirst();
        assertThat(emulated.isNull("ceiling_read_gb_per_s")).isTrue();
        assertThat(emulated.isNull("flop_fraction")).isTrue();
        assertThat(emulated.isNull("int8_fraction")).isTrue();
    }

    @Test
    void aRunOfSeveralSequencesHasItsOwnRow() {
        List<JsonObject> rows = rows("-p 4 -n 3 -d 5 -t 1 -np 1,4");
        assertThat(rows)
                .extracting(row -> row.getString("test"))
                .containsExactly("pp4 @ d5", "4 x pp4 @ d5", "tg3 @ d5", "4 x tg3 @ d5");
        JsonObject last = rows.getLast();
        assertThat(last.getInt("n_parallel")).isEqualTo(4);
        assertThat(number(last, "median_ts_each")).isEqualTo(number(last, "median_ts") / 4, within(1e-9));
        assertThat(rows("-p 2 -n 0 -np 2 --device emulator:0"))
                .extracting(row -> row.getString("test"))
                .containsExactly("2 x pp2");
        assertThat(run(TINY + "-p 4 -n 0 -np 0").code).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void theTableHasARowPerTest() {
        Run run = run(TINY + "-p 4 -n 2 -t 1");
        assertThat(run.code).as(run.err).isZero();
        List<String> lines = run.out.lines().toList();
        assertThat(lines).hasSize(4);
        assertThat(lines.getFirst())
                .contains("model", "params", "threads", "t/s", "median", "GB/s", "GFLOP/s", "of int8");
        assertThat(lines.get(2)).contains("llama 3.7M Q8_0", "| pp4 ", " \u00b1 ", "of");
        assertThat(lines.get(3)).contains("| tg2 ");
        lines.forEach(line ->
                assertThat(line.chars().filter(each -> each == '|').count()).isEqualTo(13));
        assertThat(run.err).contains("test 1 of 2, pp4").contains("test 2 of 2, tg2");
    }

    @Test
    void csvAndJsonLinesHaveAColumnPerField() {
        List<String> lines = run(TINY + "-p 4 -n 2 -t 1 -o csv").out.lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.getFirst())
                .startsWith("build_version,")
                .contains(",median_ts,")
                .doesNotContain("samples");
        int columns = lines.getFirst().split(",").length;
        assertThat(lines.get(1).split(",")).hasSize(columns);
        List<String> objects = run(TINY + "-p 4 -n 2 -t 1 -o jsonl").out.lines().toList();
        assertThat(objects)
                .hasSize(2)
                .allSatisfy(line -> Json.createReader(new StringReader(line)).readObject());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bench -p 0 -n 0",
                "bench -p -1",
                "bench -p 1,x",
                "bench -r 0",
                "bench -t 0,-1",
                "bench -b 0",
                "bench -d -4",
                "bench -pg 512",
                "bench -pg 0,4",
                "bench -c 3 -p 4",
                "bench -o xml",
                "bench file.gguf",
                "bench --make-model llama-110m:q8_0"
            })
    void badUsageIsOneSentenceAndExitCode2(String line) {
        Run run = run(line);
        assertThat(run.code).as(run.err).isEqualTo(2);
        assertThat(run.err.lines()).hasSize(1);
        assertThat(run.err).startsWith("waterspout: ");
        assertThat(run.out).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"bench -m absent.gguf,3", "bench --device tornado:opencl:7,4"})
    void otherFailuresHaveTheirExitCodes(String line, int code) {
        Run run = run(line);
        assertThat(run.code).as(run.err).isEqualTo(code);
        assertThat(run.err.lines()).hasSize(1);
    }
}
