package dev.waterspout.kernels.fpga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.codec.CodecSamples;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Formats of the kernels, and the conversion of messages to streams of blocks. Needs no device. */
class FpgaKernelsTest {
    @ParameterizedTest
    @ValueSource(strings = {"f32", "e3m2", "e2m1:32:e5m0", "e2m1:8", "e2m1:128", "int4:token", "int8:32:f16"})
    void otherFormatsAreRefused(String text) {
        WireFormat format = WireFormat.parse(text);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> FpgaKernels.of(format, 2))
                .withMessage(
                        "wire format " + format.label() + " has no FPGA kernels: they have elements of 4 or 8 bits in"
                                + " blocks of 16, 32 or 64 with e8m0 scales, such as e2m1:32:e8m0 and e4m3:32:e8m0");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 17})
    void otherNumbersOfRanksAreRefused(int ranks) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FpgaKernels.of(WireFormat.parse("e2m1"), ranks))
                .withMessage("kernels for " + ranks + " ranks; FPGA kernels sum 1 to 16 partials at once");
    }

    @Test
    void theSourceNamesFormatVendorAndHints() {
        FpgaKernels kernels = FpgaKernels.of(WireFormat.parse("e4m3:32:e8m0:rceil"), 4);

        assertThat(kernels.name()).isEqualTo("mx-codec-e4m3-32-rceil-4");
        assertThat(kernels.source(Vendor.INTEL))
                .contains("#define VENDOR_INTEL 1\n", "#define ELEMENT_BITS (8)\n", "#define MIN_EXPONENT (-6)\n")
                .contains("#define MAX_CODE (126)\n", "#define RANKS (4)\n", "reqd_work_group_size(TILE_BLOCKS, 1, 1)");
        assertThat(kernels.source(Vendor.XILINX)).contains("#define VENDOR_XILINX 1\n");
        assertThat(kernels.source(Vendor.DRIVER)).doesNotContain("#define VENDOR");
    }

    /** A message that is converted to streams and back is unchanged. */
    @ParameterizedTest
    @CsvSource({"e2m1,1,1", "e2m1,3,33", "e2m1,2,2048", "e4m3:16,3,1021", "int8:64,5,65"})
    void messagesSurviveConversionToStreams(String text, int rows, int columns) {
        FpgaKernels kernels = FpgaKernels.of(WireFormat.parse(text), 2);
        MxFormat format = kernels.format();
        BlockStream stream = new BlockStream(kernels, rows, columns);
        try (Arena arena = Arena.ofConfined()) {
            long bytes = ((WireFormat) format).encodedBytes(rows, columns);
            MemorySegment message = arena.allocate(bytes);
            PartialCodec.reference(format)
                    .encode(MemorySegment.ofArray(CodecSamples.heavyTailed(1, rows * columns)), rows, columns, message);
            MemorySegment scales = arena.allocate(BlockStream.PAD_BYTES + BlockStream.scaleBytes(stream.tiles()));
            MemorySegment elements =
                    arena.allocate(BlockStream.PAD_BYTES + BlockStream.elementBytes(kernels, stream.tiles()));
            stream.unpack(message, 0, scales, elements);
            MemorySegment again = arena.allocate(bytes);
            stream.pack(scales, elements, again);
            assertThat(message.mismatch(again)).isEqualTo(-1);
        }
    }
}
