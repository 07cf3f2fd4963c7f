package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The embedded model on a short text. */
@Timeout(120)
class PerplexityCommandTest {
    private static final String SPEECH = "My fellow citizens: we have come together to speak of the state of the union,"
            + " of our commerce with other nations, and of the peace that the people of these states enjoy. ";

    @TempDir
    private Path folder;

    private String text = "";

    @BeforeEach
    void writeText() throws IOException {
        text = Files.writeString(folder.resolve("text.txt"), SPEECH.repeat(4)).toString();
    }

    private Run perplexity(String... options) {
        String[] all = new String[options.length + 5];
        System.arraycopy(new String[] {"perplexity", "-f", text, "--ctx", "32"}, 0, all, 0, 5);
        System.arraycopy(options, 0, all, 5, options.length);
        return CommandLineTest.run(all);
    }

    private static JsonObject json(Run run) {
        assertThat(run.code()).as(run.err()).isZero();
        return Json.createReader(new StringReader(run.out())).readObject();
    }

    @Test
    void printsOneObject() {
        JsonObject json = json(perplexity("-o", "json"));
        assertThat(json.getString("model")).isEqualTo("orator-q8_0.gguf");
        assertThat(json.getString("text")).isEqualTo("text.txt");
        assertThat(json.getInt("windowTokens")).isEqualTo(32);
        assertThat(json.getInt("scoredTokens")).isEqualTo(15 * json.getInt("windows"));
        assertThat(json.getJsonNumber("perplexity").doubleValue()).isBetween(1.0, 500.0);
        assertThat(json).doesNotContainKeys("ratio", "uncompressed");
    }

    @ParameterizedTest
    @CsvSource({"host, 2", "host, 4", "emulator:0, 2"})
    void comparesACompressedRunWithTheUncompressedOne(String device, String ranks) {
        JsonObject json = json(
                perplexity("-tp", ranks, "--device", device, "--comm", "e2m1:32:e8m0", "--chunks", "1", "-o", "json"));
        assertThat(json.getJsonObject("comm").getString("format")).isEqualTo("e2m1:32:e8m0");
        double ratio = json.getJsonNumber("ratio").doubleValue();
        double exact =
                json.getJsonObject("uncompressed").getJsonNumber("perplexity").doubleValue();
        assertThat(json.getJsonNumber("perplexity").doubleValue() / exact).isCloseTo(ratio, within(1e-9));
        assertThat(json.getJsonNumber("klMean").doubleValue()).isBetween(1e-5, 1.0);
        assertThat(json.getJsonNumber("kl99").doubleValue())
                .isGreaterThan(json.getJsonNumber("klMean").doubleValue());
        assertThat(json.getJsonNumber("sameTop").doubleValue()).isBetween(0.5, 1.0);
    }

    @Test
    void comparesOnlyOnRequest() {
        assertThat(json(perplexity("-tp", "2", "--comm", "e2m1", "--no-compare", "-o", "json")))
                .doesNotContainKey("ratio");
        JsonObject same = json(perplexity("-tp", "2", "--compare", "-o", "json"));
        assertThat(same.getJsonNumber("ratio").doubleValue()).isEqualTo(1);
    }

    @Test
    void printsATableByDefault() {
        Run run = perplexity("-tp", "2", "--comm", "bf16", "--chunks", "1");
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("1 windows of 32 tokens, 15 scored, 2 ranks, allgather bf16")
                .containsPattern("perplexity +[0-9.]+ ± [0-9.]+")
                .containsPattern("ratio +1\\.0[0-9]+ ±|ratio +0\\.9[0-9]+ ±")
                .contains("KL divergence", "same top token", "tokens/s");
    }

    @Test
    void refusesTextsAndWindowsThatItCannotScore() {
        assertRefused(3, "absent.txt is not a file", "perplexity", "-f", folder.resolve("absent.txt") + "");
        assertRefused(2, "one window of 4096 must be full", "perplexity", "-f", text, "--ctx", "4096");
        assertRefused(2, "it must be -1 or at least 1", "perplexity", "-f", text, "--chunks", "0");
        assertRefused(2, "it must be at least 4", "perplexity", "-f", text, "--ctx", "3");
        assertRefused(2, "Missing required option", "perplexity");
    }

    private static void assertRefused(int code, String part, String... arguments) {
        Run run = CommandLineTest.run(arguments);
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.sentence()).contains(part);
        assertThat(run.out()).isEmpty();
    }
}
