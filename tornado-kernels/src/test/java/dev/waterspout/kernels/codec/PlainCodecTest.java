package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlainCodecTest {
    @Test
    void f32IsCopiedBitForBit() {
        for (int columns : Samples.COLUMNS) {
            float[] values = Samples.heavyTailed(columns, 2 * columns);
            values[0] = Float.intBitsToFloat(0xffc12345);
            PartialCodec codec = PartialCodec.of(PlainFormat.F32);
            MemorySegment packed = Samples.encode(codec, values, 2);

            Samples.assertSameBits(Samples.floats(packed), values, columns);
            Samples.assertSameBits(Samples.decode(codec, packed, 2, columns), values, columns);
        }
    }

    @Test
    void bf16RoundsToNearestEven() {
        for (int columns : Samples.COLUMNS) {
            float[] values = Samples.heavyTailed(columns, 2 * columns);
            for (int i = 0; i < values.length; i += 5) {
                // On a tie, or one unit beside it.
                int bits = (Float.floatToRawIntBits(values[i]) & 0xffff0000) + 0x8000 + (i % 3 - 1);
                values[i] = Float.intBitsToFloat(bits);
            }
            float[] expected = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                expected[i] = nearestHalf(values[i]);
            }
            PartialCodec codec = PartialCodec.of(PlainFormat.BF16);

            Samples.assertSameBits(
                    Samples.decode(codec, Samples.encode(codec, values, 2), 2, columns), expected, columns);
        }
    }

    private static float nearestHalf(float value) {
        double magnitude = Math.abs((double) value);
        int bits = Float.floatToRawIntBits((float) magnitude) & 0xffff0000;
        double lower = Float.intBitsToFloat(bits);
        // The value after the largest one is infinity, which rounding treats as 2^128.
        double upper = bits == 0x7f7f0000 ? 0x1p128 : Float.intBitsToFloat(bits + 0x10000);
        double middle = (lower + upper) / 2;
        boolean up = magnitude > middle || (magnitude == middle && (bits & 0x10000) != 0);
        return Math.copySign((float) (up ? upper : lower), value);
    }

    @Test
    void halvesKeepNanAndInfinity() {
        float[] values = new float[37];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (i % 4) {
                case 0 -> Float.NaN;
                // The payload of this NaN is in the dropped bits.
                case 1 -> Float.intBitsToFloat(0xff800001);
                case 2 -> Float.POSITIVE_INFINITY;
                default -> Float.NEGATIVE_INFINITY;
            };
        }

        assertThat(Samples.roundTrip(PartialCodec.of(PlainFormat.BF16), values)).isEqualTo(values);
    }

    @ParameterizedTest
    @EnumSource
    void sumsInRankOrder(PlainFormat format) {
        PartialCodec codec = PartialCodec.of(format);
        for (int columns : Samples.COLUMNS) {
            float[] residual = Samples.heavyTailed(99, 2 * columns);
            List<MemorySegment> packets = new ArrayList<>();
            float[] sum = new float[2 * columns];
            for (int rank = 0; rank < 4; rank++) {
                packets.add(Samples.encode(codec, Samples.heavyTailed(rank, 2 * columns), 2));
                float[] values = Samples.decode(codec, packets.get(rank), 2, columns);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] = rank == 0 ? values[i] : sum[i] + values[i];
                }
                float[] expected = new float[sum.length];
                for (int i = 0; i < sum.length; i++) {
                    expected[i] = sum[i] + residual[i];
                }

                Samples.assertSameSums(
                        Samples.decodeSum(codec, packets, 2, columns, residual), expected, columns, rank);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesWrongArguments(PlainFormat format) {
        PartialCodec codec = PartialCodec.reference(format);
        int bytes = (int) format.rowBytes(9);
        MemorySegment plain = Samples.bytes(36);
        MemorySegment packed = Samples.bytes(bytes);

        assertThat(codec.format()).isEqualTo(format);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.encode(plain, 1, 9, packed.asSlice(1)))
                .withMessage("target has %d bytes, but 1 x 9 elements in %s take %d", bytes - 1, format, bytes);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decode(packed, 1, 9, plain.asSlice(1)))
                .withMessage("target has 35 bytes, but 1 x 9 elements in f32 take 36");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decodeSum(new MemorySegment[0], 1, 9, plain))
                .withMessage("0 packets: a sum needs 1 or more");
    }
}
