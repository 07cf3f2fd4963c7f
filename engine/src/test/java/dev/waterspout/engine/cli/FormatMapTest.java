package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(240)
class FormatMapTest {
    private static final String MAP = """
        {"waterspoutCommProfile": 1, "model": "m", "width": 256, "layers": 4, "format": "e2m1:32:e8m0",
         "exchanges": [{"layer": 2, "half": "feedforward", "format": "bf16"},
                       {"layer": 0, "half": "attention", "format": "e4m3:32:e8m0"}],
         "measured": [{"format": "e2m1:32:e8m0", "increasePercent": 1.5},
                      {"format": "e4m3:32:e8m0", "increasePercent": 0.1}]}\
        """;

    @TempDir
    private Path folder;

    private String file(String json) throws IOException {
        return "map:" + Files.writeString(folder.resolve("map.json"), json);
    }

    private static Run generate(String... options) {
        String[] all = new String[options.length + 10];
        String[] first = {"generate", "-p", "We the people", "-n", "4", "--temp", "0", "-tp", "2"};
        System.arraycopy(first, 0, all, 0, first.length);
        all[first.length] = "--stats=json";
        System.arraycopy(options, 0, all, first.length + 1, options.length);
        return CommandLineTest.run(all);
    }

    /** Bytes per row: six exchanges of 8 + 128, one of 512 and one of 8 + 256; each exchange also has a header. */
    @Test
    void everyExchangeUsesTheFormatOfTheMap() throws IOException {
        JsonObject stats = generate("--comm", file(MAP)).stats();
        JsonObject decode = stats.getJsonObject("decode");
        long rowBytes = 6 * 136 + 512 + 264;
        assertThat(decode.getJsonArray("ranks")
                        .getJsonObject(1)
                        .getJsonObject("collectives")
                        .getJsonObject("allgather")
                        .getInt("bytesSent"))
                .isEqualTo((int) (decode.getInt("tokens") * (rowBytes + 8 * 48)));
    }

    @Test
    void thePolicyChoosesAmongTheFormatsThatTheMapMeasured() throws IOException {
        Run run = generate("--comm", "auto", "--comm-allow", file(MAP), "--quality", "1", "--explain-comm");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("e4m3:32:e8m0").doesNotContain("e2m1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"waterspoutCommProfile\": 1 | \"waterspoutCommProfile\": 2 | 3 | its version is 2; this program "
                        + "reads 1",
                "\"width\": 256 | \"width\": 64 | 2 | whose width is 64; this model's width is 256",
                "\"layer\": 2 | \"layer\": 4 | 3 | exchange of layer 4",
                "\"attention\" | \"head\" | 3 | half 'head'",
                "\"bf16\" | \"e9m9\" | 3 | wire format 'e9m9'",
                "\"width\": 256, | '' | 3 | a field is missing",
                "\"layers\": 4 | \"layers\": 9 | 0 | ''",
            })
    void refusesAMapThatDoesNotFit(String text, String other, int code, String part) throws IOException {
        Run run = generate("--comm", file(MAP.replace(text, other)));
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.err()).contains(part);
    }

    @Test
    void refusesExchangesThatTheModelDoesNotHave() throws IOException {
        String more = MAP.replace("\"layers\": 4", "\"layers\": 9").replace("\"layer\": 2", "\"layer\": 8");
        Run run = generate("--comm", file(more));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.sentence()).contains("a wire format for exchange 17; the model has exchanges 0 to 7");
        assertThat(generate("--comm", "map:absent.json").sentence()).contains("format map absent.json is not a file");
    }

    @Test
    void devicesRefuseSeveralFormats() throws IOException {
        Run run = generate("--comm", file(MAP), "--device", "emulator:0");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.sentence())
                .contains("chunks of different sizes or layers; a TornadoVM device needs the same format");
    }

    /** Search, map and run together. The texts are short, because the test does not check which formats are found. */
    @Test
    void aSearchWritesAMapThatGenerateAccepts() throws IOException {
        String text = Files.writeString(
                        folder.resolve("t.txt"),
                        "The State shall make no law that the people of this union have not agreed to. ".repeat(40))
                .toString();
        Path map = folder.resolve("found.json");
        Run run = CommandLineTest.run(
                "codec",
                "search",
                "-f",
                text,
                "--budget",
                "5%",
                "--ctx",
                "64",
                "--chunks",
                "2",
                "--sample",
                "64",
                "--candidates",
                "4",
                "-o",
                map.toString());
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("baselines", "int4:token", "int4:channel", "topk:", "within 5.0 %: ");
        JsonObject json =
                Json.createReader(new StringReader(Files.readString(map))).readObject();
        assertThat(json.getInt("width")).isEqualTo(256);
        assertThat(json.getJsonArray("measured")).hasSizeGreaterThan(5);
        assertThat(generate("--comm", "profile:" + map).code()).isZero();
    }

    @Test
    void searchRefusesInOneSentence() throws IOException {
        String text = Files.writeString(folder.resolve("t.txt"), "too short").toString();
        assertThat(CommandLineTest.run("codec", "search", "-f", text, "--budget", "much")
                        .sentence())
                .contains("budget 'much' is not a percentage");
        assertThat(CommandLineTest.run("codec", "search", "-f", text, "-tp", "1")
                        .sentence())
                .contains("there must be at least 2");
        assertThat(CommandLineTest.run("codec", "search", "-f", text).sentence())
                .contains("one window of 256 must be full");
        assertThat(CommandLineTest.run("codec", "--format", "e2m1").code()).isEqualTo(2);
    }
}
