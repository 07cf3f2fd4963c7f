package dev.waterspout.benchmarks.quality;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.policy.CommQuality;
import dev.waterspout.kernels.codec.WireFormat;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("StringSplitter")
class QualityReportTest {
    @TempDir
    private Path folder;

    private static JsonObject result(String model, int ranks, int windows, String... formats) {
        StringBuilder all = new StringBuilder();
        for (String each : formats) {
            String[] words = each.split(" ");
            all.append(String.format(
                    Locale.ROOT,
                    "%s{\"format\": \"%s\", \"bitsPerElement\": 4.25, \"increasePercent\": %s,"
                            + " \"increaseErrorPercent\": 0.1}",
                    all.isEmpty() ? "" : ", ",
                    words[0],
                    words[1]));
        }
        String json = String.format(
                "{\"model\": \"%s\", \"text\": \"t.txt\", \"ranks\": %d, \"collective\": \"allgather\", \"width\": 64,"
                        + " \"windows\": %d, \"scoredTokens\": 10, \"perplexity\": 2.5, \"formats\": [%s]}",
                model, ranks, windows, all);
        return Json.createReader(new StringReader(json)).readObject();
    }

    private CommQuality table(Path results) throws IOException {
        Path table = folder.resolve("table.txt");
        QualityReport.main(new String[] {results.toString(), table.toString()});
        return CommQuality.parse(Files.readAllLines(table));
    }

    @Test
    void theTableHasTheLargestIncreaseOfFormatsMeasuredEverywhere() throws IOException {
        Path results = folder.resolve("results/quality.json");
        QualityResults.add(results, result("a.gguf", 2, 4, "e2m1:32:e8m0 0.501", "bf16 -0.2", "e4m3:32:e8m0 0.1"));
        QualityResults.add(
                results, result("a.gguf", 4, 4, "e2m1:32:e8m0 1.5", "bf16 -0.1", "int8:32:f16 0.1", "topk:5 9"));
        QualityResults.add(results, result("a-pca.gguf", 2, 4, "e2m1:32:e8m0 7", "bf16 3"));
        CommQuality table = table(results);
        assertThat(table.increasePercent()).hasSize(3);
        assertThat(table.increasePercent()).containsEntry(WireFormat.parse("e2m1:32:e8m0"), 1.5);
        assertThat(table.increasePercent()).containsEntry(WireFormat.parse("bf16"), 0.0);
        assertThat(table.increasePercent()).containsEntry(WireFormat.parse("f32"), 0.0);
    }

    @Test
    void laterFormatsAreAddedToEarlierOnesOfTheSameWindows() throws IOException {
        Path results = folder.resolve("quality.json");
        QualityResults.add(results, result("a.gguf", 2, 4, "bf16 0.1", "e2m1:32:e8m0 1"));
        QualityResults.add(results, result("a.gguf", 2, 4, "e2m1:32:e8m0 2", "e4m3:32:e8m0 0.301"));
        assertThat(table(results).increasePercent())
                .hasSize(4)
                .containsEntry(WireFormat.parse("bf16"), 0.1)
                .containsEntry(WireFormat.parse("e2m1:32:e8m0"), 2.0)
                .containsEntry(WireFormat.parse("e4m3:32:e8m0"), 0.31);
        QualityResults.add(results, result("a.gguf", 2, 8, "bf16 0.5"));
        assertThat(table(results).increasePercent()).hasSize(2).containsEntry(WireFormat.parse("bf16"), 0.5);
    }
}
