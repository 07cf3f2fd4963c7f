package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Golden;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.TestData;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logits of one small model of random weights per architecture against those of llama.cpp. */
@Timeout(60)
class GoldenLogitsTest {
    private static final Offset<Float> TOLERANCE = Offset.offset(1e-4f);

    @ParameterizedTest
    @CsvSource({
        "llama3rope, 1",
        "llama3rope, 2",
        "qwen2, 1",
        "qwen2, 2",
        "qwen3-tied, 1",
        "qwen3-tied, 2",
    })
    void logitsOfEveryPositionAndGreedyIdsEqualTheReference(String architecture, int ranks) throws IOException {
        JsonObject golden = Golden.object("arch/" + architecture + ".json");
        int[] prompt = Golden.ids(golden, "prompt");
        float[] expected = logits("arch/" + golden.getString("logits"));
        int vocabulary = expected.length / prompt.length;
        try (Model model = new Model(GgufFile.open(TestData.require("arch/" + golden.getString("model"))));
                RankGroup decode = Groups.start(model, ranks, "f32", HostKernels.vector());
                RankGroup prefill = Groups.start(model, ranks, "f32", HostKernels.vector())) {
            for (int position = 0; position < prompt.length; position++) {
                decode.forward(new int[] {prompt[position]}, position, true);
                check(decode, expected, position * vocabulary, architecture + " at position " + position);
            }
            Groups.logits(prefill, prompt);
            check(prefill, expected, expected.length - vocabulary, architecture + " after prefill");

            int[] following = Golden.ids(golden, "greedy");
            GenerationReport report = new Generator(model.tokenizer(), prefill)
                    .generate(
                            prompt,
                            new GenerationExtent(0, following.length, true),
                            new Sampler(SamplingParameters.greedy()),
                            text -> {});
            assertThat(report.generated()).containsExactly(Golden.boxed(following));
        }
    }

    private static void check(RankGroup group, float[] expected, int from, String what) {
        float[] found = group.logits().toArray(ValueLayout.JAVA_FLOAT);
        for (int token = 0; token < found.length; token++) {
            assertThat(found[token]).as("%s, token %d", what, token).isCloseTo(expected[from + token], TOLERANCE);
        }
    }

    private static float[] logits(String name) throws IOException {
        ByteBuffer bytes =
                ByteBuffer.wrap(Files.readAllBytes(TestData.require(name))).order(ByteOrder.LITTLE_ENDIAN);
        float[] logits = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(logits);
        return logits;
    }
}
