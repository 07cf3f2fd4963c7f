package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** A payload of arbitrary bytes is decoded to the same values by the fast and the scalar codec, or refused by both. */
class CodecFuzzTest {
    private static final int COLUMNS = 77;
    private static final List<WireFormat> FORMATS = List.of(
                    "f32",
                    "bf16",
                    "f16",
                    "e2m1:32:e8m0",
                    "e1m1:8:e5m0",
                    "e4m3:16:f16",
                    "int3:64:e4m0",
                    "e3m2:128:e8m0",
                    "int8:token",
                    "int4:channel",
                    "q8_0",
                    "topk:5")
            .stream()
            .map(WireFormat::parse)
            .toList();

    @FuzzTest(maxDuration = "10m")
    void decodesAsTheScalarCodec(byte[] bytes) {
        for (WireFormat format : FORMATS) {
            int size = Math.toIntExact(format.encodedBytes(1, COLUMNS));
            MemorySegment packed = MemorySegment.ofArray(Arrays.copyOf(bytes, size));
            assertThat(decoded(PartialCodec.of(format), packed))
                    .as("%s", format)
                    .isEqualTo(decoded(PartialCodec.reference(format), packed));
        }
    }

    /** The bits of the values, with all NaNs equal, or the message of the refusal. */
    private static String decoded(PartialCodec codec, MemorySegment packed) {
        float[] values = new float[COLUMNS];
        try {
            codec.decode(packed, 1, COLUMNS, MemorySegment.ofArray(values));
        } catch (IllegalArgumentException refused) {
            return "refused: " + refused.getMessage();
        }
        StringBuilder bits = new StringBuilder();
        for (float value : values) {
            bits.append(Integer.toHexString(Float.floatToIntBits(value))).append(' ');
        }
        return bits.toString();
    }
}
