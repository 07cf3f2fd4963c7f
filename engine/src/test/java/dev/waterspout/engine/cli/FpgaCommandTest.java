package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.waterspout.engine.cli.print.ExitCode;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * {@code fpga export}, and the input that {@code fpga run} and {@code --codec-device} refuse. None of it needs an SDK.
 */
@Timeout(120)
class FpgaCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
    }

    private Path export(String vendor, String... more) {
        Path project = folder.resolve(vendor);
        String[] first = {"fpga", "export", project.toString(), "--vendor", vendor};
        int code = run(Stream.of(first, more).flatMap(Stream::of).toArray(String[]::new));
        assertThat(code).as(err.toString()).isZero();
        return project;
    }

    @ParameterizedTest
    @CsvSource({"intel,aoc,p385a_sch_ax115", "xilinx,v++,xilinx_u250_gen3x16_xdma_4_1_202210_1"})
    void tornadoVmCanParseTheConfiguration(String vendor, String compiler, String board) throws IOException {
        Map<String, String> values = new HashMap<>();
        for (String line : Files.readAllLines(export(vendor).resolve("tornado-fpga.conf"))) {
            // The grammar of the file: fields end at spaces and equals signs, and '#' begins a comment.
            StringTokenizer tokens = new StringTokenizer(line.strip(), " =");
            String key = tokens.nextToken();
            if (!key.startsWith("#")) {
                values.put(
                        key,
                        key.equals("FLAGS")
                                ? line.substring(line.indexOf('=') + 1).strip()
                                : tokens.nextToken());
            }
        }

        assertThat(values)
                .containsEntry("COMPILER", compiler)
                .containsEntry("DEVICE_NAME", board)
                .containsEntry("DIRECTORY_BITSTREAM", "bitstreams/")
                .containsOnlyKeys("COMPILER", "DEVICE_NAME", "DIRECTORY_BITSTREAM", "FLAGS");
        assertThat(folder.resolve(vendor).resolve("bitstreams")).isDirectory();
    }

    @Test
    void theListNamesBothTasksAndOnlyPathsInTheFolder() throws IOException {
        Path project = export("intel", "--format", "e4m3", "--ranks", "4");
        List<String> lines = Files.readAllLines(project.resolve("bitstreams.txt")).stream()
                .filter(line -> !line.startsWith("#"))
                .toList();

        assertThat(lines)
                .containsExactly(
                        "bitstreams/mx-codec-e4m3-32-4.aocx,fpgaQuantize.quantize.device=0:0",
                        "bitstreams/mx-codec-e4m3-32-4.aocx,fpgaSum.sum.device=0:0");
        try (Stream<Path> files = Files.walk(project)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file)).as(file.toString()).doesNotContain(folder.toString());
            }
        }
    }

    @Test
    void theScriptCallsTheCompilerAsPrinted() throws Exception {
        Path project = export("xilinx", "--board", "some_u280");

        assertThat(out.toString())
                .contains("v++ -t hw --platform some_u280 -O3 -c -k waterspout_quantize -o"
                        + " bitstreams/waterspout_quantize.xo mx-codec-e2m1-32-2.cl")
                .contains("v++ -t hw --platform some_u280 -l -o bitstreams/mx-codec-e2m1-32-2.xclbin");
        String script = Files.readString(project.resolve("build.sh"));
        out.toString()
                .lines()
                .filter(line -> line.startsWith("  v++ "))
                .forEach(line -> assertThat(script).contains(line.strip()));
        Process built = new ProcessBuilder(
                        "/bin/sh", project.resolve("build.sh").toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(built.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(built.waitFor()).isEqualTo(ExitCode.DEVICE);
        assertThat(output)
                .isEqualTo(
                        "build.sh: the compiler 'v++' of the AMD Xilinx Vitis is not on the PATH; install it and source"
                                + " its settings64.sh\n");
    }

    @Test
    void aMissingCompilerIsOneSentence() {
        int code = run("fpga", "export", folder.resolve("p").toString(), "--vendor", "intel", "--build");

        assertThat(code).isEqualTo(ExitCode.DEVICE);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines(
                        "waterspout: the compiler 'aoc' of the Intel FPGA SDK for OpenCL is not on the"
                                + " PATH; install it and source its init_opencl.sh\n");
    }

    /**
     * Computed by hand: 64 blocks of 2 words each, then 16 words of codes and 1 of scales; 128 x 4096 elements are 256
     * tiles of 2048.
     */
    @Test
    void theEstimateEqualsOneComputedByHand() throws IOException {
        Path project = export("xilinx");
        JsonObject estimate;
        try (JsonReader reader =
                Json.createReader(new StringReader(Files.readString(project.resolve("estimate.json"))))) {
            estimate = reader.readObject();
        }
        JsonObject quantize = estimate.getJsonArray("kernels").getJsonObject(0);
        JsonObject sum = estimate.getJsonArray("kernels").getJsonObject(1);

        assertThat(quantize.getInt("initiationInterval")).isEqualTo(2);
        int depth = quantize.getInt("pipelineDepth");
        assertThat(depth).isEqualTo(2 + 3 + 5 + 2 + 4 + 1);
        assertThat(quantize.getInt("cyclesPerTile")).isEqualTo(128 + 17 + depth);
        assertThat(quantize.getInt("cycles")).isEqualTo(256 * (128 + 17 + depth));
        assertThat(quantize.getInt("wordsPerTile")).isEqualTo(128 + 17);
        assertThat(quantize.getInt("dsp")).isZero();
        assertThat(quantize.getJsonNumber("seconds").doubleValue())
                .isEqualTo(Math.max(256 * (145 + depth) / 250e6, 256 * 145 * 64 / 19.2e9));
        assertThat(sum.getInt("dsp")).isEqualTo(2 * 2 * 16);
        assertThat(sum.getInt("cyclesPerTile")).isEqualTo(128 + 2 * 17 + sum.getInt("pipelineDepth"));
        assertThat(sum.getInt("wordsPerTile")).isEqualTo(2 * 17 + 2 * 128);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "export DIR --vendor driver|2|vendor driver has no compiler to call; vendors are intel and xilinx",
                "export DIR --vendor intel --format e3m2|2|wire format e3m2:32:e8m0 has no FPGA kernels: they have"
                        + " elements of 4 or 8 bits in blocks of 16, 32 or 64 with e8m0 scales, such as "
                        + "e2m1:32:e8m0 and"
                        + " e4m3:32:e8m0",
                "export DIR --vendor intel --ranks 99|2|kernels for 99 ranks; FPGA kernels sum 1 to 16 partials at"
                        + " once",
                "export DIR --vendor intel --rows 0|2|rows is 0; it must be at least 1",
                "export DIR --vendor intel --clock 0|2|clock of 0.0 MHz and memory of 19.2 GB/s; both must be above 0",
                "export DIR --vendor intel --board a;b|2|board 'a;b' is not a board's name; it has letters, digits and"
                        + " . _ - : / only",
                "run --device host|4|device host does not run the FPGA kernels, which are OpenCL C; devices of"
                        + " TornadoVM's OpenCL backend do, named tornado:opencl:<index>",
                "run --device host --bitstream absent.aocx|3|bitstream absent.aocx is not a file",
                "run --device host --config x.conf|2|FPGA configuration x.conf without a bitstream; it is read for"
                        + " bitstreams only",
                "run --device host -r 0|2|repetitions is 0; it must be at least 1",
            })
    void badInputIsOneSentence(String arguments, int code, String sentence) {
        String[] words = ("fpga " + arguments.replace("DIR", folder.resolve("d").toString())).split(" ");

        assertThat(run(words)).as(err.toString()).isEqualTo(code);
        assertThat(err.toString()).isEqualToNormalizingNewlines("waterspout: " + sentence + "\n");
    }

    @Test
    void theEmulatorRunsNoFpgaKernels() {
        assumeFalse(FloatArray.class.getModule().isNamed(), "for the emulator");

        assertThat(run("fpga", "run", "--device", "emulator:0")).isEqualTo(ExitCode.DEVICE);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines(
                        "waterspout: device emulator:0 does not run the FPGA kernels, which are OpenCL"
                                + " C; devices of TornadoVM's OpenCL backend do, named tornado:opencl:<index>\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-tp 2 --comm auto --codec-device host|2|codec device host with --comm auto, which measures the host's"
                        + " codec; name a format, such as --comm e2m1:32:e8m0",
                "--comm e2m1 --codec-device host|2|codec device host for 1 rank, which exchanges nothing; give -tp 2"
                        + " or more",
                "-tp 2 --comm e2m1 --codec-bitstream x.aocx|2|bitstream x.aocx for the codec without a device; name it"
                        + " with --codec-device",
                "-tp 2 --comm e2m1 --codec-device fpga:0|4|device 'fpga:0' is not available; available are",
            })
    void impossibleCodecDevicesAreRefusedInOneSentence(String arguments, int code, String sentence) {
        String[] first = {"generate", "-p", "We", "-n", "2", "--stats", "none"};
        String[] all =
                Stream.of(first, arguments.split(" ")).flatMap(Stream::of).toArray(String[]::new);

        assertThat(run(all)).as(err.toString()).isEqualTo(code);
        assertThat(err.toString().strip()).startsWith("waterspout: " + sentence).hasLineCount(1);
    }
}
