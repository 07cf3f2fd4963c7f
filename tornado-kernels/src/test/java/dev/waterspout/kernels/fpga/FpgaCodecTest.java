package dev.waterspout.kernels.fpga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.testing.DriverBinary;
import dev.waterspout.kernels.testing.FpgaStandIn;
import dev.waterspout.kernels.testing.TestData;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The FPGA kernels through TornadoVM's prebuilt tasks, from source and from a binary. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FpgaCodecTest {
    private static final int LEAST_COMPARISONS = 100;

    @TempDir
    private Path folder;

    private static TornadoDevice openClDevice() {
        assumeTrue(FloatArray.class.getModule().isNamed(), "the emulator compiles no OpenCL C");
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            if (backend.getBackendType() == TornadoVMBackendType.OPENCL) {
                return backend.getDevice(backend.getNumDevices() - 1);
            }
        }
        assumeTrue(false, "the SDK has no OpenCL backend");
        throw new AssertionError();
    }

    static List<MxFormat> formats() {
        return CodecComparison.formats().toList();
    }

    @ParameterizedTest
    @MethodSource("formats")
    void kernelsFromSourceAreBitEqualToTheReference(MxFormat format) throws Exception {
        TornadoDevice device = openClDevice();
        FpgaKernels kernels = CodecComparison.kernels(format);
        Path file = Files.writeString(folder.resolve("codec.cl"), kernels.source(Vendor.DRIVER));

        assertThat(CodecComparison.run(kernels, file, device)).isGreaterThan(LEAST_COMPARISONS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"e2m1:32:e8m0", "e4m3:32:e8m0", "e5m2:32:e8m0"})
    void kernelsFromABitstreamAreBitEqualToTheReference(String format) throws Exception {
        openClDevice();
        TestData.require("mx-vectors"); // the other process fails without them
        FpgaStandIn fpga = FpgaStandIn.build(folder);
        FpgaKernels kernels = CodecComparison.kernels((MxFormat) WireFormat.parse(format));
        Path bitstream = Files.write(folder.resolve("codec.bin"), DriverBinary.compile(kernels.source(Vendor.DRIVER)));
        Path absent = folder.resolve("not-read.cl");
        String assigned = bitstream + "," + FpgaCodec.QUANTIZE_TASK + ".device=0:0," + bitstream + ","
                + FpgaCodec.SUM_TASK + ".device=0:0";

        FpgaStandIn.Outcome outcome = fpga.java(
                List.of("-Dtornado.precompiled.binary=" + assigned),
                CodecComparison.class,
                List.of(format, absent.toString()));

        assertThat(outcome.code()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("in the place of an FPGA").containsPattern("compared 1[0-9][0-9]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INTEL", "XILINX"})
    void vendorsSourcesCompile(Vendor vendor) {
        openClDevice();

        assertThat(DriverBinary.compile(
                        FpgaKernels.of(WireFormat.parse("e2m1"), 2).source(vendor)))
                .isNotEmpty();
    }

    @Test
    void sizesThatDoNotFitAreRefused() throws Exception {
        TornadoDevice device = openClDevice();
        FpgaKernels kernels = FpgaKernels.of(WireFormat.parse("e2m1"), 2);
        Path file = Files.writeString(folder.resolve("codec.cl"), kernels.source(Vendor.DRIVER));
        try (Arena arena = Arena.ofConfined();
                FpgaCodec codec = new FpgaCodec(kernels, file, device, 1, 2048)) {
            MemorySegment floats = arena.allocate(8 * 4096);
            MemorySegment message = arena.allocate(64);
            assertThatThrownBy(() -> codec.encode(floats, 1, 2048, 2048, message))
                    .hasMessage("target has 64 bytes, but 1 rows of 2048 columns take 1088");
            assertThatThrownBy(() -> codec.decodeSum(new MemorySegment[3], 1, 32, floats, 32))
                    .hasMessage("sum of 3 partials; the FPGA kernels were made for 1 to 2");
            MemorySegment two = arena.allocate(2176);
            assertThatThrownBy(() -> codec.encode(floats, 2, 2048, 2048, two))
                    .hasMessage("partial of 2 rows of 2048 columns takes 2 tiles of 64 blocks; this codec holds 1");
        }
    }

    @Test
    void theEmulatorRefusesKernelsThatAreNotJava() throws Exception {
        assumeFalse(FloatArray.class.getModule().isNamed(), "for the emulator");
        TornadoDevice device =
                TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
        FpgaKernels kernels = FpgaKernels.of(WireFormat.parse("e2m1"), 2);

        assertThatThrownBy(() -> new FpgaCodec(kernels, Path.of("codec.cl"), device, 1, 64))
                .hasMessage("task fpgaQuantize.quantize is the kernel waterspout_quantize of codec.cl, and the "
                        + "emulator runs"
                        + " only Java");
    }
}
