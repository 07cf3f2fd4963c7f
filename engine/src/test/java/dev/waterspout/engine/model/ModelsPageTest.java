package dev.waterspout.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares the table of architectures in {@code docs/guide/models.md} with {@link Architectures} and with the
 * comparison tests.
 */
class ModelsPageTest {
    private static final Pattern ROW = Pattern.compile("^\\| `([a-z0-9-]+)` \\|.*");

    private static final Pattern NAME = Pattern.compile("`([a-z0-9-]+)`");

    private static Path page() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("bin/waterspout"))) {
            folder = Objects.requireNonNull(folder.getParent(), "the test runs inside the tree");
        }
        return folder.resolve("docs/guide/models.md");
    }

    @Test
    void thePageListsAllArchitectures() throws IOException {
        List<String> listed = Files.readAllLines(page()).stream()
                .map(ROW::matcher)
                .filter(matcher -> matcher.matches())
                .map(matcher -> matcher.group(1))
                .toList();
        assertThat(listed)
                .containsExactlyInAnyOrderElementsOf(
                        Architectures.ALL.stream().map(Architecture::toString).toList());
    }

    /** Column 4: the host; column 5: devices, with those of the exhaustive tests. */
    @ParameterizedTest
    @CsvSource({"4, forward.ReferenceLogitsTest", "5, tornado.DeviceReferenceTest"})
    void thePageNamesTheModelsOfTheTests(int column, String test) throws Exception {
        Set<String> compared = Arrays.stream(
                        Class.forName("dev.waterspout.engine." + test).getDeclaredMethods())
                .filter(method -> method.getName().toLowerCase(Locale.ROOT).endsWith("agreeswiththereference"))
                .map(method -> method.getAnnotation(CsvSource.class))
                .filter(Objects::nonNull)
                .flatMap(source -> Arrays.stream(source.value()))
                .map(line -> line.substring(0, line.indexOf(',')))
                .collect(Collectors.toSet());
        Set<String> listed = Files.readAllLines(page()).stream()
                .filter(line -> ROW.matcher(line).matches())
                .map(line -> line.split("\\|", -1)[column])
                .flatMap(cell -> NAME.matcher(cell).results())
                .map(name -> name.group(1))
                .collect(Collectors.toSet());
        assertThat(listed).isEqualTo(compared);
    }
}
