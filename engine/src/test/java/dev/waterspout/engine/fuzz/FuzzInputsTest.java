package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Jazzer finds the stored inputs of a fuzz test by the names of its class and method, and ignores all others. */
class FuzzInputsTest {
    private static final String SUFFIX = "Inputs";

    @Test
    void everyFolderOfInputsBelongsToAFuzzTest() throws IOException, ClassNotFoundException {
        Path resources = Path.of("src/test/resources");
        List<Path> folders;
        try (Stream<Path> all = Files.walk(resources)) {
            folders = all.filter(path -> path.getFileName().toString().endsWith("FuzzTest" + SUFFIX))
                    .toList();
        }
        assertThat(folders).hasSizeGreaterThan(5);
        for (Path folder : folders) {
            String path = resources.relativize(folder).toString().replace('/', '.');
            Class<?> test = Class.forName(
                    path.substring(0, path.length() - SUFFIX.length()), false, FuzzInputsTest.class.getClassLoader());
            List<String> methods = Arrays.stream(test.getDeclaredMethods())
                    .filter(method -> method.isAnnotationPresent(FuzzTest.class))
                    .map(method -> method.getName())
                    .toList();
            try (Stream<Path> inputs = Files.list(folder)) {
                assertThat(inputs.map(each -> each.getFileName().toString()))
                        .as(test.getSimpleName())
                        .isNotEmpty()
                        .isSubsetOf(methods);
            }
        }
    }
}
