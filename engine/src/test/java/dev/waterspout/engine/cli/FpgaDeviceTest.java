package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.fpga.FpgaKernels;
import dev.waterspout.kernels.fpga.Vendor;
import dev.waterspout.kernels.testing.DriverBinary;
import dev.waterspout.kernels.testing.FpgaStandIn;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The FPGA kernels as a user runs them, on the SDK's first OpenCL device: compiled from source, and as a bitstream on a
 * device in place of an FPGA.
 */
@Timeout(240)
class FpgaDeviceTest {
    private static final String DEVICE = "tornado:opencl:0";
    private static final String[] PROMPT = {
        "generate", "-p", "We the people", "-n", "16", "--temp", "0", "-t", "2", "--stats", "none"
    };

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void requireAnSdk() {
        assumeTrue(FloatArray.class.getModule().isNamed(), "the emulator compiles no OpenCL C");
    }

    private int run(String... arguments) {
        return Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
    }

    private String generate(String... more) {
        out.getBuffer().setLength(0);
        int code = run(Stream.of(PROMPT, more).flatMap(Stream::of).toArray(String[]::new));
        assertThat(code).as(err.toString()).isZero();
        return out.toString();
    }

    @ParameterizedTest
    @CsvSource({"e2m1:32:e8m0,2,3,4096", "e4m3:32:e8m0,4,17,1000", "e5m2:16:e8m0,3,1,33"})
    void runsFromSource(String format, int ranks, int rows, int columns) {
        int code = run(
                "fpga",
                "run",
                "--device",
                DEVICE,
                "--format",
                format,
                "--ranks",
                Integer.toString(ranks),
                "--rows",
                Integer.toString(rows),
                "--columns",
                Integer.toString(columns),
                "-r",
                "2");

        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains(
                        "kernels from source",
                        rows + " x " + columns + ", " + format + ", " + ranks + " ranks: all bits");
    }

    @Test
    void aCpuTakesNoBitstream() throws IOException {
        Path file = Files.write(folder.resolve("codec.aocx"), new byte[] {1, 2, 3});
        try {
            assertThat(run("fpga", "run", "--device", DEVICE, "--bitstream", file.toString()))
                    .isEqualTo(ExitCode.DEVICE);
        } finally {
            System.clearProperty("tornado.precompiled.binary");
        }

        assertThat(err.toString())
                .contains("waterspout: device " + DEVICE + " is a CPU of the platform", "takes no bitstream");
    }

    @ParameterizedTest
    @CsvSource({
        "e2m1:32:e8m0,allgather,2",
        "e2m1:32:e8m0,twostep,2",
        "e4m3:32:e8m0,allgather,3",
        "e4m3:32:e8m0,twostep,3",
    })
    void theTextIsTheSameWithAndWithoutTheCodecDevice(String format, String collective, int ranks) {
        String[] comm = {"-tp", Integer.toString(ranks), "--comm", format, "--collective", collective};
        String[] shared = ranks == 3 ? new String[] {"-ts", "2,1,1"} : new String[0];
        String[] plain = Stream.of(comm, shared).flatMap(Stream::of).toArray(String[]::new);
        String[] offloaded = Stream.of(plain, new String[] {"--codec-device", DEVICE})
                .flatMap(Stream::of)
                .toArray(String[]::new);

        String expected = generate(plain);
        assertThat(generate(offloaded)).isEqualTo(expected).hasSizeGreaterThan(30);
    }

    @Test
    void onlyRanksOnTheHostUseTheCodecDevice() {
        String expected = generate("-tp", "2", "--comm", "e2m1");
        assertThat(generate("-tp", "2", "--comm", "e2m1", "--codec-device", "host," + DEVICE))
                .isEqualTo(expected);
        assertThat(run(
                        "generate",
                        "-p",
                        "We",
                        "--device",
                        DEVICE + ",host",
                        "-tp",
                        "2",
                        "--comm",
                        "e2m1",
                        "--codec-device",
                        DEVICE))
                .isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("only ranks on the host hand their codec over");
    }

    /**
     * Runs both commands on an exported folder, with the configuration that TornadoVM reads and a binary of the OpenCL
     * driver as the bitstream.
     */
    @Test
    void bitstreamsRunOnDevicesThatCountAsFpgas() throws Exception {
        FpgaStandIn fpga = FpgaStandIn.build(folder);
        Path project = folder.resolve("project");
        assertThat(run("fpga", "export", project.toString(), "--vendor", "intel"))
                .isZero();
        FpgaKernels kernels = FpgaKernels.of(WireFormat.parse("e2m1"), 2);
        Path bitstream = Files.write(
                project.resolve("bitstreams").resolve("codec.aocx"),
                DriverBinary.compile(Files.readString(project.resolve(kernels.name() + ".cl"))));
        assertThat(kernels.source(Vendor.INTEL)).isEqualTo(Files.readString(project.resolve(kernels.name() + ".cl")));

        FpgaStandIn.Outcome compared = fpga.java(
                List.of(),
                Main.class,
                List.of("fpga", "run", "--device", DEVICE, "--bitstream", bitstream.toString(), "-r", "2"));
        assertThat(compared.code()).as(compared.output()).isZero();
        assertThat(compared.output())
                .contains(
                        "platform 'Driver in the place of an FPGA', kernels from bitstream", "all bits are the host's");

        FpgaStandIn.Outcome without = fpga.java(List.of(), Main.class, List.of("fpga", "run", "--device", DEVICE));
        assertThat(without.code()).as(without.output()).isEqualTo(ExitCode.DEVICE);
        assertThat(without.output()).contains("device " + DEVICE + " is an FPGA and needs a bitstream");

        String expected = generate("-tp", "2", "--comm", "e2m1");
        FpgaStandIn.Outcome generated = fpga.java(
                List.of(),
                Main.class,
                Stream.of(
                                PROMPT,
                                new String[] {"--device", "host", "-tp", "2", "--comm", "e2m1", "--codec-device", DEVICE
                                },
                                new String[] {"--codec-bitstream", bitstream.toString()})
                        .flatMap(Stream::of)
                        .toList());
        assertThat(generated.code()).as(generated.output()).isZero();
        assertThat(generated.output()).contains(expected);
    }
}
