package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.gguf.MalformedGgufs;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.testing.TestData;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class CommandLineTest {
    private static final int HEADER = 48;

    record Run(int code, String out, String err) {
        JsonObject stats() {
            return Json.createReader(new StringReader(err.lines().toList().getLast()))
                    .readObject();
        }

        /** Returns the single line that a failure prints. */
        String sentence() {
            assertThat(err.lines()).hasSize(1);
            return err.strip();
        }
    }

    static Run run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
        return new Run(code, out.toString(), err.toString());
    }

    @Test
    void generatesFromTheEmbeddedModel() {
        Run run = run("generate", "-p", "We the people", "-n", "8", "--temp", "0", "--stats", "json");
        assertThat(run.code).isZero();
        assertThat(run.out).isEqualTo("We the people of the world. And I have a\n");
        assertThat(run.stats().getJsonObject("model").getString("name")).isEqualTo("orator 3.7M");
        assertThat(run.stats().getJsonArray("generatedTokens")).hasSize(8);
        // A launcher that splits values at spaces passes one word per argument.
        assertThat(run("generate", "-p", "We", "the", "people", "-n", "8", "--temp", "0").out)
                .isEqualTo(run.out);
        Run hidden = run("generate", "-p", "We the people", "-n", "8", "--temp", "0", "--no-display-prompt");
        assertThat(hidden.out).isEqualTo(" of the world. And I have a\n");
    }

    @Test
    void readsThePromptFromAFileAndOptionsFromAnArgumentFile(@TempDir Path folder) throws IOException {
        Path prompt = Files.writeString(folder.resolve("prompt.txt"), "We the people");
        Path options = Files.writeString(folder.resolve("options"), "-n 8 --temp 0");
        assertThat(run("generate", "-f", prompt.toString(), "@" + options).out)
                .isEqualTo("We the people of the world. And I have a\n");
    }

    @Test
    void copiedWeightsGiveTheSameTextAsMappedWeights() {
        String model = TestData.require("stories260K.gguf").toString();
        String[] arguments = {"generate", "-m", model, "-p", "Once", "-n", "5", "--temp", "0", "--no-mmap"};
        assertThat(run(arguments).out).isEqualTo("Once upon a time, there\n");
    }

    @Test
    void theSameSeedWritesTheSameText() {
        String[] arguments = {"generate", "-p", "ROMEO:", "-n", "24", "-s", "7", "-tp", "2", "--comm", "e4m3"};
        assertThat(run(arguments).out).isEqualTo(run(arguments).out);
    }

    /** Generates 8 tokens with the embedded model on two ranks that exchange f32. */
    private static Run onTwoRanks(String... further) {
        List<String> arguments = new ArrayList<>(List.of("generate", "-p", "We the people", "-n", "8", "--temp", "0"));
        arguments.addAll(List.of("-tp", "2", "--comm", "f32"));
        arguments.addAll(List.of(further));
        return run(arguments.toArray(String[]::new));
    }

    @Test
    void replicatedAttentionNeedsOneExchangePerLayer() {
        long[] messages = new long[2];
        String[] texts = new String[2];
        for (int way = 0; way < 2; way++) {
            Run run = onTwoRanks("--attention", way == 0 ? "sharded" : "replicated", "--stats", "json");
            assertThat(run.code).as(run.err).isZero();
            JsonObject rank =
                    run.stats().getJsonObject("decode").getJsonArray("ranks").getJsonObject(0);
            messages[way] =
                    rank.getJsonObject("collectives").getJsonObject("allgather").getInt("messages");
            texts[way] = run.out;
        }
        assertThat(messages[1]).isEqualTo(messages[0] / 2).isEqualTo(7 * 4);
        assertThat(texts[1]).isEqualTo(texts[0]);
    }

    @Test
    void autoTimesBothKindsOfAttentionAndPrintsTheTimes() {
        Run run = onTwoRanks("--attention", "auto", "--explain-comm");
        assertThat(run.code).as(run.err).isZero();
        assertThat(run.out).isEqualTo("We the people of the world. And I have a\n");
        assertThat(run.err)
                .containsPattern("attention: (sharded|replicated) \\(the half layer of one token takes \\d+ us"
                        + " sharded, \\d+ us replicated; of \\d+ tokens \\d+ and \\d+ us\\)");
    }

    @ParameterizedTest
    @CsvSource({
        "2, e2m1:32:e8m0, 8, 128",
        "3, e2m1:32:e8m0, 8, 128",
        "4, e2m1:32:e8m0, 8, 128",
        "2, int8:16:e5m0, 10, 256",
        "4, e3m2:64:f16, 8, 192",
        "3, bf16, 0, 512",
        "2, f32, 0, 1024"
    })
    void bytesSentEqualTheFormula(int ranks, String comm, int scaleBytes, long elementBytes) {
        Run run = run(
                "generate",
                "-p",
                "We the people",
                "-n",
                "6",
                "--temp",
                "0",
                "-tp",
                "" + ranks,
                "--comm",
                comm,
                "--collective",
                "allgather",
                "--stats",
                "json");
        assertThat(run.code).isZero();
        int exchanges = 2 * 4;
        long rowBytes = scaleBytes + elementBytes;
        long[] rows = {run.stats().getJsonArray("promptTokens").size(), 1};
        int[] passes = {1, 5};
        String[] phases = {"prefill", "decode"};
        for (int phase = 0; phase < phases.length; phase++) {
            List<JsonObject> perRank = run.stats()
                    .getJsonObject(phases[phase])
                    .getJsonArray("ranks")
                    .getValuesAs(JsonObject.class);
            assertThat(perRank).hasSize(ranks);
            for (JsonObject rank : perRank) {
                JsonObject partials = rank.getJsonObject("collectives").getJsonObject("allgather");
                JsonObject logits = rank.getJsonObject("collectives").getJsonObject("logits");
                long expected = (long) passes[phase] * exchanges * (ranks - 1) * (HEADER + rows[phase] * rowBytes);
                assertThat(partials.getJsonNumber("bytesSent").longValue()).isEqualTo(expected);
                assertThat(partials.getJsonNumber("bytesReceived").longValue()).isEqualTo(expected);
                // Greedy sampling needs only the likeliest token of each rank.
                long logitBytes = rank.getInt("rank") == 0 ? 0 : passes[phase] * (HEADER + 20L + 8);
                assertThat(logits.getJsonNumber("bytesSent").longValue()).isEqualTo(logitBytes);
                assertThat(rank.getJsonNumber("bytesSent").longValue()).isEqualTo(expected + logitBytes);
                assertThat(rank.getString("transport")).isEqualTo("inprocess");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "generate",
                "generate -p x -f y",
                "generate -p x --nonsense",
                "generate -p x -n many",
                "generate -p x -n -2",
                "generate -p x --temp -1",
                "generate -p x --top-p 2",
                "generate -p x --comm e9m9",
                "generate -p x --comm e2m1:31",
                "generate -p x --collective ring",
                "generate -p x --comm-allow e9m9",
                "generate -p x -tp 2 --comm auto --quality -1",
                "generate -p x --transport pigeon -tp 2",
                "generate -p x --peer-timeout 0",
                "generate -p x -tp 9",
                "generate -p x -tp -1",
                "generate -p x -tp 2 -ts 1,2,3",
                "generate -p x -ts 1,-2",
                "generate -p x -c -5",
                "generate -p x -t -1",
                "generate -p x -b 0",
                "generate -p x --stats xml",
                "generate -p one-two-three-four-five-six-seven -c 4",
                "codec --format e2m1 only-one",
                "bench --make-model gpt:q8_0 file"
            })
    void badUsageIsOneSentenceAndExitCode2(String line) {
        Run run = run(line.isEmpty() ? new String[0] : line.split(" "));
        assertThat(run.code).as(run.err).isEqualTo(2);
        assertThat(run.sentence()).startsWith("waterspout: ");
        assertThat(run.out).isEmpty();
    }

    @Test
    void autoPrintsItsMeasurementsAndKeepsTheText() {
        Run plain = run("generate", "-p", "We the people", "-n", "8", "--temp", "0", "-tp", "2", "--stats", "none");
        Run auto = run(
                "generate",
                "-p",
                "We the people",
                "-n",
                "8",
                "--temp",
                "0",
                "-tp",
                "2",
                "--comm",
                "auto",
                "--comm-allow",
                "f32",
                "--explain-comm",
                "--stats",
                "none");
        assertThat(auto.code).as(auto.err).isZero();
        assertThat(auto.out).isEqualTo(plain.out); // f32 has the same sums with every collective
        assertThat(auto.err).contains("allgather f32", "GB/s");
    }

    @Test
    void experimentsAreSubcommandsOfLab() {
        assertThat(run("lab").code).isEqualTo(2);
        assertThat(run("lab").sentence()).contains("search", "rotate", "plan", "report", "fpga");
        assertThat(run("lab", "plan", "-m", "nothing").sentence())
                .contains("Missing required options", "waterspout lab plan");
        assertThat(run("plan", "-m", "nothing").err).isEqualTo(run("lab", "plan", "-m", "nothing").err);
        assertThat(run("codec", "search", "--help").out).isEqualTo(run("lab", "search", "--help").out);
    }

    @Test
    void missingFilesAreExitCode3() {
        assertThat(run("generate", "-m", "absent.gguf", "-p", "x").code).isEqualTo(3);
        assertThat(run("generate", "-f", "absent.txt").code).isEqualTo(3);
        assertThat(run("codec", "--format", "e2m1", "absent.f32", "out.f32").sentence())
                .contains("absent.f32");
        assertThat(run("inspect", "-m", "absent.gguf").sentence()).contains("absent.gguf");
    }

    @Test
    void anUnknownDeviceIsExitCode4() {
        Run run = run("generate", "-p", "x", "--device", "tornado:opencl:0");
        assertThat(run.code).isEqualTo(4);
        assertThat(run.sentence()).contains("tornado:opencl:0").contains("host");
        assertThat(run("generate", "-p", "x", "--device", "host,host,host", "-tp", "2").code)
                .isEqualTo(4);
    }

    static Stream<MalformedGgufs.Case> malformed() {
        return MalformedGgufs.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    @Timeout(1)
    void malformedModelsAreOneSentenceAndExitCode3(MalformedGgufs.Case malformed, @TempDir Path folder)
            throws IOException {
        Path file = Files.write(folder.resolve("model.gguf"), malformed.bytes());
        Run run = run("generate", "-m", file.toString(), "-p", "x");
        assertThat(run.code).as(run.err).isEqualTo(3);
        assertThat(run.sentence()).contains("model.gguf");
        assertThat(run.out).isEmpty();
    }

    @Test
    void anUnsupportedArchitectureIsExitCode3AndInspectListsIt(@TempDir Path folder) throws IOException {
        Path file =
                Files.write(folder.resolve("model.gguf"), SmallModel.of("bert").bytes());
        assertThat(run("generate", "-m", file.toString(), "-p", "x").sentence()).contains("'bert'");
        Run listed = run("inspect", "-m", file.toString());
        assertThat(listed.code).isEqualTo(3);
        assertThat(listed.out).contains("blk.1.ffn_down.weight").contains("general.architecture");
    }

    @Test
    void inspectShowsTheMemoryOfEveryRank() {
        Run run = run("inspect", "-tp", "2", "-ts", "3,1", "-c", "100", "--comm", "e2m1");
        assertThat(run.code).isZero();
        assertThat(run.out)
                .contains("tokenizer.ggml.tokens")
                .contains("blk.3.ffn_down.weight")
                .contains("plan: 2 ranks, 100 positions");
        // KV cache of rank 0: 2 x 4 layers x 3 KV heads x 100 positions x 32 x 4 bytes
        assertThat(run.out.lines().filter(line -> line.strip().startsWith("0 ")).findFirst())
                .hasValueSatisfying(line -> assertThat(line).contains("0.31"));
    }

    @Test
    void devicesListsTheHost() {
        Run run = run("devices");
        assertThat(run.code).isZero();
        assertThat(run.out).startsWith("host").contains("cores");
    }

    @Test
    void versionAndHelp() {
        assertThat(run("--version").out).contains("waterspout");
        assertThat(run("generate", "--help").out)
                .contains("--tensor-parallel-size")
                .contains("--comm");
    }

    @Test
    void codecAgreesWithTheReferenceVectors(@TempDir Path folder) throws IOException {
        Path vectors = TestData.require("mx-vectors");
        List<JsonObject> cases = Json.createReader(Files.newBufferedReader(vectors.resolve("manifest.json")))
                .readArray()
                .getValuesAs(JsonObject.class);
        assertThat(cases).hasSize(160);
        Path in = folder.resolve("in.f32");
        Path out = folder.resolve("out.f32");
        for (JsonObject each : cases) {
            ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(vectors.resolve(each.getString("file"))))
                    .order(ByteOrder.LITTLE_ENDIAN);
            int count = each.getInt("count");
            Files.write(in, Arrays.copyOf(all.array(), count * Float.BYTES));
            String scale = "e" + each.getInt("scaleBits") + "m0";
            String format = each.getString("element") + ":" + each.getInt("block") + ":" + scale;
            String rounding = each.getString("rounding").equals("ties-to-even") ? "even" : "away";
            Run run = run("codec", "--format", format, "--rounding", rounding, in.toString(), out.toString());
            assertThat(run.code).as(run.err).isZero();
            assertAgrees(each, all, ByteBuffer.wrap(Files.readAllBytes(out)).order(ByteOrder.LITTLE_ENDIAN));
        }
    }

    /** Bit-equal, except that our values are finite where the reference's scale overflowed to NaN. */
    private static void assertAgrees(JsonObject each, ByteBuffer all, ByteBuffer decoded) {
        int count = each.getInt("count");
        assertThat(decoded.capacity()).isEqualTo(count * Float.BYTES);
        int saturated = 0;
        for (int i = 0; i < count; i++) {
            int expected = all.getInt((count + i) * Float.BYTES);
            int found = decoded.getInt(i * Float.BYTES);
            if (Float.isNaN(Float.intBitsToFloat(expected))) {
                saturated++;
                assertThat(Float.isFinite(Float.intBitsToFloat(found))).isTrue();
            } else {
                assertThat(found).as("%s element %d", each.getString("file"), i).isEqualTo(expected);
            }
        }
        assertThat(saturated).isEqualTo(each.getInt("nanCount"));
    }

    @Test
    void codecPrintsErrorAndSize(@TempDir Path folder) throws IOException {
        ByteBuffer floats = ByteBuffer.allocate(64 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 64; i++) {
            floats.putFloat(i == 0 ? 6 : i == 1 ? 0.1f : 1);
        }
        Path file = Files.write(folder.resolve("x.f32"), floats.array());
        Run run = run("codec", "--format", "e2m1:32:e8m0", "--stats", "json", file.toString(), file.toString());
        assertThat(run.code).isZero();
        JsonObject json = Json.createReader(new StringReader(run.out)).readObject();
        assertThat(json.getString("format")).isEqualTo("e2m1:32:e8m0");
        assertThat(json.getJsonNumber("bitsPerElement").doubleValue()).isEqualTo(4.25);
        assertThat(json.getInt("zerosCreated")).isEqualTo(1);
        assertThat(json.getInt("saturatedBlocks")).isZero();
        assertThat(json.getJsonNumber("maxError").doubleValue()).isEqualTo(0.1f);
        // The output replaces the input: the file now holds the decoded values.
        assertThat(ByteBuffer.wrap(Files.readAllBytes(file))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getFloat(4))
                .isZero();
    }

    @Test
    void codecRefusesAFileWithoutWholeFloats(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("x.f32"), new byte[7]);
        Path out = Files.writeString(folder.resolve("out.f32"), "precious");
        Run run = run("codec", "--format", "e2m1", file.toString(), out.toString());
        assertThat(run.code).isEqualTo(3);
        assertThat(run.sentence()).contains("7 bytes");
        assertThat(out).hasContent("precious");
    }

    @Test
    void benchMakesAModel(@TempDir Path folder) {
        Path file = folder.resolve("m.gguf");
        assertThat(run("bench", "--make-model", "llama-110m:q4_0", file.toString()).code)
                .isZero();
        Run run = run("inspect", "-m", file.toString());
        assertThat(run.code).isZero();
        assertThat(run.out).contains("Q4_0").contains("llama-110m of random weights");
    }
}
