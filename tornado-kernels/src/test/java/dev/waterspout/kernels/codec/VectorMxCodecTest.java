package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.testing.VectorWidths;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag(VectorWidths.SHORT)
class VectorMxCodecTest extends AbstractMxCodecTest {
    @Override
    PartialCodec codec(MxFormat format) {
        return new VectorMxCodec(format);
    }

    @Test
    void isTheFastOne() {
        assertThat(PartialCodec.of(WireFormat.parse("e2m1"))).isInstanceOf(VectorMxCodec.class);
    }

    static List<MxFormat> formats() {
        return Samples.formats().toList();
    }

    static List<MxFormat> pairwiseFormats() {
        return Samples.pairwiseFormats();
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest(name = "{0} #{index}")
    @MethodSource("formats")
    void everyFormatEqualsTheScalarCodec(MxFormat format) {
        equalsTheScalarCodec(format);
        decodesArbitraryBytesLikeTheScalarCodec(format);
    }

    @ParameterizedTest(name = "{0} #{index}")
    @MethodSource("pairwiseFormats")
    void equalsTheScalarCodec(MxFormat format) {
        PartialCodec scalar = new ScalarMxCodec(format);
        PartialCodec vector = new VectorMxCodec(format);
        Random random = new Random(format.id());
        for (int columns : new int[] {2 * MxChunk.COLUMNS + 5, 1 + random.nextInt(300), 8 * (1 + random.nextInt(40))}) {
            float[] values = Samples.heavyTailed(random.nextLong(), 2 * columns);
            values[random.nextInt(values.length)] = Float.NaN;
            float[] more = Samples.heavyTailed(random.nextLong(), 2 * columns);
            float[] residual = Samples.heavyTailed(random.nextLong(), 2 * columns);

            List<MemorySegment> expected = List.of(Samples.encode(scalar, values, 2), Samples.encode(scalar, more, 2));
            List<MemorySegment> actual = List.of(Samples.encode(vector, values, 2), Samples.encode(vector, more, 2));
            for (int i = 0; i < 2; i++) {
                assertThat(Samples.array(actual.get(i))).isEqualTo(Samples.array(expected.get(i)));
                Samples.assertSameBits(
                        Samples.decode(vector, actual.get(i), 2, columns),
                        Samples.decode(scalar, expected.get(i), 2, columns));
            }
            Samples.assertSameSums(
                    Samples.decodeSum(vector, actual, 2, columns, residual),
                    Samples.decodeSum(scalar, expected, 2, columns, residual));
            assertThat(reduced(vector, actual, columns)).isEqualTo(reduced(scalar, expected, columns));
        }
    }

    private static byte[] reduced(PartialCodec codec, List<MemorySegment> packets, int columns) {
        MemorySegment target = Samples.bytes(codec.format().encodedBytes(2, columns));
        codec.reduce(packets.toArray(MemorySegment[]::new), 2, columns, target);
        return Samples.array(target);
    }

    @ParameterizedTest(name = "{0} #{index}")
    @MethodSource("pairwiseFormats")
    void decodesArbitraryBytesLikeTheScalarCodec(MxFormat format) {
        MemorySegment noise = Samples.bytes(format.encodedBytes(2, 333));
        byte[] bytes = new byte[(int) noise.byteSize()];
        new Random(format.id()).nextBytes(bytes);
        noise.copyFrom(MemorySegment.ofArray(bytes));

        Samples.assertSameSums(
                Samples.decode(new VectorMxCodec(format), noise, 2, 333),
                Samples.decode(new ScalarMxCodec(format), noise, 2, 333));
    }
}
