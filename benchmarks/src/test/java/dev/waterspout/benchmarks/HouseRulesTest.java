package dev.waterspout.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules of all source files: format, size, and the direction of imports. */
class HouseRulesTest {
    static final Path ROOT = root();
    private static final int MAX_LINES = 500;
    private static final int MAX_COLUMNS = 120;

    /** Modules from the bottom up, each with the project's packages that it may import in addition to its own. */
    private static final Map<String, List<String>> IMPORTS = Map.of(
            "tornado-emulator", List.of(),
            "tornado-kernels", List.of(),
            "interconnect", List.of("dev.waterspout.kernels"),
            "engine", List.of("dev.waterspout.kernels", "dev.waterspout.interconnect"),
            "langchain4j", List.of("dev.waterspout.engine"),
            "benchmarks", List.of("dev.waterspout.kernels", "dev.waterspout.interconnect", "dev.waterspout.engine"));

    /** Packages of lower modules that tests of any module use. */
    private static final List<String> TEST_HELPERS =
            List.of("dev.waterspout.kernels.testing.", "dev.waterspout.emulator.");

    static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("bin/waterspout"))) {
            folder = Objects.requireNonNull(folder.getParent(), "the test runs inside the tree");
        }
        return folder;
    }

    static List<Path> sources() throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            List<Path> sources = new ArrayList<>();
            for (Path module :
                    modules.filter(path -> Files.exists(path.resolve("src"))).toList()) {
                try (Stream<Path> files = Files.walk(module.resolve("src"))) {
                    files.filter(path -> path.toString().endsWith(".java")).forEach(sources::add);
                }
            }
            assertThat(sources).hasSizeGreaterThan(100);
            return sources;
        }
    }

    static boolean isMain(Path source) {
        return ROOT.relativize(source)
                .startsWith(ROOT.relativize(source).getName(0).resolve("src/main"));
    }

    @Test
    void everyFileIsFormatted() throws IOException {
        List<Path> unformatted = sources().parallelStream()
                .filter(source -> !isFormatted(source))
                .map(ROOT::relativize)
                .toList();
        assertThat(unformatted)
                .as("with a JDK 25 in JAVA_HOME, 'mvn spotless:apply' formats these")
                .isEmpty();
    }

    private static boolean isFormatted(Path source) {
        Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .build());
        try {
            String text = Files.readString(source);
            String ordered = ImportOrderer.reorderImports(text, JavaFormatterOptions.Style.PALANTIR);
            return formatter.formatSource(ordered).equals(text);
        } catch (IOException | FormatterException e) {
            throw new IllegalStateException(source.toString(), e);
        }
    }

    /** The formatter leaves comments as they are. */
    @Test
    void noLineOfACommentIsLong() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Path source : sources()) {
            for (String line : Files.readAllLines(source)) {
                String text = line.strip();
                boolean comment = text.startsWith("//") || text.startsWith("/*") || text.startsWith("* ");
                if (comment && line.codePointCount(0, line.length()) > MAX_COLUMNS) {
                    tooLong.add(ROOT.relativize(source) + ": " + line);
                }
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void importsRunOneWay() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path source : sources()) {
            String module = ROOT.relativize(source).getName(0).toString();
            String own = "dev.waterspout." + module.replace("tornado-", "");
            for (String line : Files.readAllLines(source)) {
                String name = line.replaceFirst("^import (static )?", "");
                boolean ours = line.startsWith("import ") && name.startsWith("dev.waterspout.");
                boolean allowed = name.startsWith(own + ".")
                        || IMPORTS.getOrDefault(module, List.of()).stream()
                                .anyMatch(each -> name.startsWith(each + "."));
                boolean testHelper = !isMain(source) && TEST_HELPERS.stream().anyMatch(name::startsWith);
                if (ours && !allowed && !testHelper) {
                    wrong.add(ROOT.relativize(source) + ": " + line);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void onlyTheCommandLineKnowsTheProcessAndItsLibraries() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path source : sources()) {
            String path = ROOT.relativize(source).toString().replace('\\', '/');
            if (!isMain(source) || path.startsWith("benchmarks/")) {
                continue;
            }
            String text = Files.readString(source);
            boolean commandLine = path.contains("/engine/cli/");
            boolean json = path.contains("/engine/json/");
            if (!commandLine
                    && (text.contains("import picocli.") || (!json && text.contains("import jakarta.json.")))) {
                wrong.add(path + " imports a library of the command line");
            }
            if (!path.contains("/engine/http/transport/") && text.contains("import io.vertx.")) {
                wrong.add(path + " imports a library of the server");
            }
            if (text.contains("System.exit(") && !path.endsWith("/cli/Main.java")) {
                wrong.add(path + " ends the process");
            }
            if ((text.contains("System.getenv(") || text.contains("System.getProperty("))
                    && !path.endsWith("/environment/Environment.java")) {
                wrong.add(path + " reads the environment");
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void everyPackageStatesItsPurposeAndNoFileIsLong() throws IOException {
        Set<Path> lacking = new TreeSet<>();
        List<String> tooLong = new ArrayList<>();
        for (Path source : sources()) {
            Path folder = Objects.requireNonNull(source.getParent());
            if (isMain(source) && !Files.exists(folder.resolve("package-info.java"))) {
                lacking.add(ROOT.relativize(folder));
            }
            int lines = Files.readAllLines(source).size();
            if (isMain(source) && lines > MAX_LINES) {
                tooLong.add(ROOT.relativize(source) + ": " + lines);
            }
        }
        assertThat(lacking).isEmpty();
        assertThat(tooLong).isEmpty();
    }
}
