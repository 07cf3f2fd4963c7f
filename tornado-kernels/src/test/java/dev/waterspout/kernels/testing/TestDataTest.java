package dev.waterspout.kernels.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The reference data of the source tree is complete, small, and of stated origin. */
class TestDataTest {
    private static final long MAX_BYTES = 12_000_000;

    private static Path folder() {
        return Objects.requireNonNull(TestData.require("stories260K.gguf").getParent());
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(folder())) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void isInTheSourceTree() {
        assertThat(folder()).hasFileName("test-data");
        assertThat(TestData.find("orator-q8_0.gguf"))
                .hasValueSatisfying(path -> assertThat(path.toString()).contains("resources"));
        assertThat(TestData.find("no such file")).isEmpty();
    }

    @Test
    void isSmall() throws IOException {
        long bytes = files().stream().mapToLong(TestDataTest::size).sum();
        assertThat(bytes).isBetween(MAX_BYTES / 2, MAX_BYTES);
    }

    @Test
    void everyFileHasAnOriginInTheReadme() throws IOException {
        // A table row's first cell names files in backquotes; a star matches any part of a name.
        List<Pattern> named = Files.readAllLines(folder().resolve("README.md")).stream()
                .filter(line -> line.startsWith("| `"))
                .flatMap(line -> Pattern.compile("`([^`]+)`")
                        .matcher(line.substring(0, line.indexOf('|', 1)))
                        .results())
                .map(name -> Pattern.compile(Pattern.quote(name.group(1)).replace("*", "\\E[^/]+\\Q")))
                .toList();
        assertThat(files()).allSatisfy(file -> {
            String name = folder().relativize(file).toString().replace('\\', '/');
            assertThat(named.stream().anyMatch(each -> each.matcher(name).matches()) || name.equals("README.md"))
                    .as("test-data/README.md names the origin of %s", name)
                    .isTrue();
        });
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
