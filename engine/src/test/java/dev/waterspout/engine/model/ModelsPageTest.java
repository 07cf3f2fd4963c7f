package dev.waterspout.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table of architectures in {@code docs/guide/models.md} against {@link Architectures}. */
class ModelsPageTest {
    private static final Pattern ROW = Pattern.compile("^\\| `([a-z0-9-]+)` \\|.*");

    private static Path page() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("bin/waterspout"))) {
            folder = Objects.requireNonNull(folder.getParent(), "the test runs inside the tree");
        }
        return folder.resolve("docs/guide/models.md");
    }

    @Test
    void thePageListsTheArchitecturesThatThereAre() throws IOException {
        List<String> listed = Files.readAllLines(page()).stream()
                .map(ROW::matcher)
                .filter(matcher -> matcher.matches())
                .map(matcher -> matcher.group(1))
                .toList();
        assertThat(listed)
                .containsExactlyInAnyOrderElementsOf(
                        Architectures.ALL.stream().map(Architecture::toString).toList());
    }
}
