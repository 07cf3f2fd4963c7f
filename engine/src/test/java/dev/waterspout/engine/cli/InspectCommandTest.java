package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.engine.testing.SmallModel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
    @TempDir
    private Path folder;

    private Run inspect(SmallModel small) throws IOException {
        Path file = Files.write(folder.resolve("model.gguf"), small.bytes());
        return CommandLineTest.run("inspect", "-m", file.toString());
    }

    @Test
    void printsNumbersOfRanksAndTheirMemory() throws IOException {
        Run run = inspect(SmallModel.of("llama"));

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("runs on 1 to 8 ranks; memory of the largest, with ");
        assertThat(run.out().lines().filter(line -> line.matches(" +[1248] +[0-9.]+ MB")))
                .hasSize(4);
    }

    @Test
    void printsEveryReasonWhyAModelDoesNotRun() throws IOException {
        Run run = inspect(SmallModel.of("llama")
                .without("output_norm.weight")
                .without("blk.0.attn_q.weight")
                .without("blk.1.attn_q.weight")
                .tensor("blk.0.no_such.weight", 1, 64));

        assertThat(run.code()).isEqualTo(3);
        assertThat(run.out())
                .contains("does not run here, for 3 reasons")
                .contains("tensor output_norm.weight is missing")
                .contains("tensor blk.0.attn_q.weight is missing (and 1 more of other layers)")
                .contains("tensor blk.0.no_such.weight has no place");
    }

    @Test
    void unknownArchitectureAndUnknownTokenizerAreBothReported() throws IOException {
        Path file = folder.resolve("other.gguf");
        GgufWriter.TensorData data = sink -> sink.write(MemorySegment.ofArray(new byte[32]));
        new GgufWriter()
                .put("general.architecture", "no-such")
                .put("tokenizer.ggml.model", "no-such-tokenizer")
                .tensor("token_embd.weight", GgmlType.F32, List.of(8L, 1L), data)
                .tensor("blk.0.attn_norm.weight", GgmlType.F32, List.of(8L), data)
                .write(file);
        Run run = CommandLineTest.run("inspect", "-m", file.toString());

        assertThat(run.code()).isEqualTo(3);
        assertThat(run.out())
                .contains("does not run here, for 2 reasons")
                .contains("architecture 'no-such'")
                .contains("tokenizer.ggml.model is \"no-such-tokenizer\"");
    }

    @Test
    void listsTheTensorsOfAllPartsOfASplitFile() throws IOException {
        GgufWriter.TensorData data = sink -> sink.write(MemorySegment.ofArray(new byte[32]));
        for (int part = 0; part < 2; part++) {
            new GgufWriter()
                    .put("split.no", (long) part)
                    .put("split.count", 2L)
                    .put("split.tensors.count", 2L)
                    .tensor("tensor" + part, GgmlType.F32, List.of(8L), data)
                    .write(folder.resolve("split-0000" + (part + 1) + "-of-00002.gguf"));
        }
        Run run = CommandLineTest.run("inspect", "-m", folder.resolve("split-00002-of-00002.gguf") + "");

        assertThat(run.code()).isEqualTo(3);
        assertThat(run.out()).contains(" in 2 files").contains("tensor0").contains("tensor1");
    }
}
