package dev.waterspout.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.benchmarks.results.ResultTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares the pages of {@code docs/results} and the README's results with the files in {@code benchmarks/results}. */
class ResultTablesTest {
    @TempDir
    private Path root;

    private void copyTree() throws IOException {
        for (String folder : List.of("benchmarks/results", "docs/results")) {
            Path to = Files.createDirectories(root.resolve(folder));
            try (Stream<Path> files = Files.list(HouseRulesTest.ROOT.resolve(folder))) {
                for (Path file : files.toList()) {
                    Files.copy(file, to.resolve(file.getFileName()));
                }
            }
        }
        Files.copy(HouseRulesTest.ROOT.resolve("README.md"), root.resolve("README.md"));
    }

    @Test
    void pagesEqualTheGeneratedTables() throws IOException {
        assertThat(new ResultTables(HouseRulesTest.ROOT).stale())
                .as("benchmarks/tables writes these")
                .isEmpty();
    }

    @Test
    void anEditedPageIsStaleUntilItIsWritten() throws IOException {
        copyTree();
        ResultTables tables = new ResultTables(root);
        Path page = root.resolve("docs/results/accuracy.md");
        Files.writeString(page, Files.readString(page).replaceFirst("48\\.44", "48.43"));
        Path readme = root.resolve("README.md");
        Files.writeString(readme, Files.readString(readme).replaceFirst("\\| 110M \\| 2 \\|", "| 110M | 3 |"));
        assertThat(tables.stale()).containsExactlyInAnyOrder(page, readme);
        tables.write();
        assertThat(tables.stale()).isEmpty();
    }

    @Test
    void resultsNewerThanTheirRecordAreRefused() throws IOException {
        copyTree();
        Path results = root.resolve("benchmarks/results/ttft.json");
        Files.writeString(results, Files.readString(results) + "\n");
        assertThatThrownBy(() -> new ResultTables(root).stale())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ttft.json")
                .hasMessageContaining("benchmarks/tables --record");
    }
}
