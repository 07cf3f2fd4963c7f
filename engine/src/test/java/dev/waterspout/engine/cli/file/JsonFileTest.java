package dev.waterspout.engine.cli.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.json.JsonInput;
import jakarta.json.JsonNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class JsonFileTest {
    @TempDir
    private Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("in.json"), text);
    }

    @Test
    void readsTextWithinTheLimits() throws IOException {
        int depth = JsonInput.MOST_DEPTH;
        String digits = "1".repeat(JsonInput.MOST_DIGITS);
        Path file = file("[".repeat(depth) + digits + "]".repeat(depth));
        assertThat(JsonFile.read("map", file)).hasToString("[".repeat(depth) + digits + "]".repeat(depth));
        assertThat(((JsonNumber) JsonFile.read("map", file("1e999999999"))).doubleValue())
                .isInfinite();
    }

    @Test
    void refusesTextBeyondALimitInOneSentence() throws IOException {
        Map<String, String> refused = Map.of(
                "",
                "is not JSON: ",
                "{\"a\": 1, \"b\": 2, \"a\": 3}",
                "is not JSON: Duplicate key 'a' is not allowed",
                "[" + "9".repeat(JsonInput.MOST_DIGITS + 1) + "]",
                "has a number of more than 100 digits",
                "[0." + "1".repeat(3_000_000) + "]",
                "has a number of more than 100 digits",
                "[".repeat(JsonInput.MOST_DEPTH + 1) + "]".repeat(JsonInput.MOST_DEPTH + 1),
                "has more than 64 arrays and objects inside each other",
                "[".repeat(3_000_000),
                "has more than 64 arrays and objects inside each other",
                "{\"a\":".repeat(100_000),
                "has more than 64 arrays and objects inside each other");
        for (Map.Entry<String, String> each : refused.entrySet()) {
            Path file = file(each.getKey());
            assertThatThrownBy(() -> JsonFile.read("map", file))
                    .as(each.getValue())
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("map " + file + " " + each.getValue())
                    .satisfies(failure ->
                            assertThat(failure.getMessage()).hasLineCount(1).hasSizeLessThan(400));
        }
    }

    @Test
    void devicesAreNotRead() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("/dev/zero"));
        assertThatThrownBy(() -> JsonFile.read("map", link)).hasMessage("map " + link + " is not a file");
    }

    @Test
    void bytesThatAreNotUtf8AreOneSentence() throws IOException {
        Path file = Files.write(folder.resolve("in.json"), new byte[] {'"', (byte) 0xff, '"'});
        assertThatThrownBy(() -> JsonFile.read("map", file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }
}
