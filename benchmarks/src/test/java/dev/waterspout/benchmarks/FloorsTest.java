package dev.waterspout.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Within the engine imports run one way, too: a package imports only packages of lower floors. */
class FloorsTest {
    /** From the bottom up: the packages of a floor do not know each other. */
    private static final List<List<String>> FLOORS = List.of(
            List.of("environment", "gguf", "jinja", "json"),
            List.of("tokenizer", "grammar"),
            List.of("model", "chat"),
            List.of("plan", "batch"),
            List.of("logits"),
            List.of("forward"),
            List.of("tornado"),
            List.of("device"),
            List.of("generate"),
            List.of("perplexity"),
            List.of("api"),
            List.of("bench"),
            List.of("lab", "http"),
            List.of("cli"));

    private static final Pattern IMPORT = Pattern.compile("import (?:static )?dev\\.waterspout\\.engine\\.(\\w+)\\..*");

    private static int floor(String name) {
        for (int floor = 0; floor < FLOORS.size(); floor++) {
            if (FLOORS.get(floor).contains(name)) {
                return floor;
            }
        }
        return -1;
    }

    private static List<Path> engineSources() throws IOException {
        Path engine = HouseRulesTest.root().resolve("engine/src/main/java/dev/waterspout/engine");
        return HouseRulesTest.sources().stream()
                .filter(source -> source.startsWith(engine))
                .map(engine::relativize)
                .toList();
    }

    @Test
    void everyPackageOfTheEngineHasItsFloor() throws IOException {
        assertThat(engineSources())
                .isNotEmpty()
                .allSatisfy(source -> assertThat(floor(source.getName(0).toString()))
                        .as("floor of %s", source)
                        .isNotNegative());
    }

    @Test
    void packagesImportLowerFloorsOnly() throws IOException {
        Path engine = HouseRulesTest.root().resolve("engine/src/main/java/dev/waterspout/engine");
        List<String> wrong = new ArrayList<>();
        for (Path source : engineSources()) {
            String own = source.getName(0).toString();
            for (String line : Files.readAllLines(engine.resolve(source))) {
                Matcher matcher = IMPORT.matcher(line);
                if (matcher.matches() && !matcher.group(1).equals(own) && floor(matcher.group(1)) >= floor(own)) {
                    wrong.add(source + ": " + line);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }
}
