package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanCommandTest {
    private static final String LARGE = "plan --model llama-3-70b --ranks 8 --link 64GBps:10us --device-flops 400T"
            + " --device-gbps 2500 --codec-gbps 500 --prompt 2048 -b 2048";

    private static String run(int code, String line) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        assertThat(Main.run(line.split(" "), new PrintWriter(out), new PrintWriter(err)))
                .as(err.toString())
                .isEqualTo(code);
        assertThat(err.toString().lines()).hasSize(code == 0 ? 0 : 1);
        return code == 0 ? out.toString() : err.toString();
    }

    private static JsonObject prediction(JsonObject plan, String comm) {
        return plan.getJsonArray("predictions").getValuesAs(JsonObject.class).stream()
                .filter(each -> each.getString("comm").equals(comm))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void predictsAModelTooLargeForThisMachine() {
        JsonObject plan = Json.createReader(new StringReader(run(0, LARGE + " -o json --collective twostep")))
                .readObject();
        JsonObject bf16 = prediction(plan, "bf16").getJsonObject("prefill");
        // 160 exchanges of 2048 x 8192 x 2 bytes; 7/8 of the bytes travel twice, at 64 GB/s. Headers and latency are
        // small.
        double transfer = 160 * (2048.0 * 8192 * 2 * 2 * 7 / 8) / 64e9;
        assertThat(bf16.getJsonNumber("transferSeconds").doubleValue()).isCloseTo(transfer, within(0.15 * transfer));
        // 2 x 68.5e9 weights of the layers x 2048 tokens, divided over 8 devices, plus attention
        double matrices = 2 * 80 * 8192.0 * (2 * 8192 + 2 * 1024 + 3 * 28_672) * 2048 / 8 / 400e12;
        double attention = 4 * 80 * 8192.0 * 2048 * 2049 / 2 / 8 / 400e12;
        assertThat(bf16.getJsonNumber("computeSeconds").doubleValue())
                .isCloseTo(matrices + attention, within(1e-3 * matrices));
        JsonObject packed = prediction(plan, "e2m1:32:e8m0").getJsonObject("prefill");
        assertThat(packed.getJsonNumber("transferSeconds").doubleValue())
                .isCloseTo(transfer * 4.25 / 16, within(0.15 * transfer));
        assertThat(packed.getJsonNumber("breakEvenBytesPerSecond").doubleValue())
                .isPositive();
        double fastest =
                prediction(plan, "fastest").getJsonNumber("ttftSeconds").doubleValue();
        assertThat(Stream.of("f32", "bf16", "int8:32:f16", "e2m1:32:e8m0")
                        .map(comm -> prediction(plan, comm)
                                .getJsonNumber("ttftSeconds")
                                .doubleValue()))
                .allMatch(seconds -> seconds >= fastest);
    }

    @Test
    void theTableGivesTheBandwidthBelowWhichCompressionIsFaster() {
        String text = run(0, LARGE);
        assertThat(text).contains("llama-3-70b: 80 layers, width 8192; 8 ranks", "pays below", "Gbit/s", "fastest");
        assertThat(text.lines().filter(line -> line.startsWith("e2m1:32:e8m0"))).hasSize(2);
        assertThat(run(0, LARGE.replace("--ranks 8", "--ranks 1")))
                .contains("none")
                .doesNotContain("Gbit/s");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--model gpt",
                "--type q9_k",
                "--ranks 0",
                "--ranks 65",
                "--link 64:10",
                "--link 0GBps:1us",
                "--device-flops many",
                "--device-flops 1T,2T",
                "--device-gbps 0",
                "--codec-gbps 1,2,3",
                "--codec-gbps 0",
                "--comm e9m9",
                "--collective ring",
                "--prompt 0",
                "-o xml"
            })
    void badUsageIsOneSentence(String option) {
        List<String> words = List.of(option.split(" "));
        String name = words.getFirst();
        String line = LARGE.contains(name + " ") ? LARGE.replaceFirst(name + " \\S+", option) : LARGE + " " + option;
        assertThat(run(2, line)).startsWith("waterspout: ");
    }
}
