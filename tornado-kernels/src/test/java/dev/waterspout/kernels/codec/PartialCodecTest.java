package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.testing.Pairwise;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Contract of the codecs of all wire formats, fast and reference. */
class PartialCodecTest {
    private static final int ROWS = 5;
    private static final int[] COLUMNS = {1, 31, 32, 33, 64, 65, 1021};
    private static final int GAP = 7;

    static List<PartialCodec> codecs() {
        List<PartialCodec> codecs = new ArrayList<>();
        for (String text : List.of(
                "f32",
                "bf16",
                "f16",
                "e2m1",
                "e4m3:8:e8m0:rceil",
                "int3:16:e5m0:even",
                "e3m2:128:e4m0:ceil",
                "q8_0",
                "int4:token",
                "int8:token",
                "int4:channel",
                "int8:channel",
                "topk:3",
                "topk:64")) {
            codecs.add(PartialCodec.of(WireFormat.parse(text)));
            codecs.add(PartialCodec.reference(WireFormat.parse(text)));
        }
        return codecs;
    }

    private static float[] sample(long seed, int count) {
        float[] values = Samples.heavyTailed(seed, count);
        for (int i = 0; i < count; i++) {
            // Within the range of f16: infinities would produce NaN sums, whose payload is not specified.
            values[i] = Math.clamp(values[i], -9999f, 9999f);
        }
        return values;
    }

    /** {@return rows apart by columns + GAP elements, the last one without a gap} */
    private static float[] spread(float[] values, int columns, float gap) {
        int stride = columns + GAP;
        float[] wide = new float[(ROWS - 1) * stride + columns];
        Arrays.fill(wide, gap);
        for (int row = 0; row < ROWS; row++) {
            System.arraycopy(values, row * columns, wide, row * stride, columns);
        }
        return wide;
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void encodesRowsWithAStride(PartialCodec codec) {
        for (int columns : COLUMNS) {
            float[] values = sample(columns, ROWS * columns);
            MemorySegment packed = Samples.bytes(codec.format().encodedBytes(ROWS, columns));
            packed.fill((byte) 0x5a);
            codec.encode(Samples.segment(spread(values, columns, Float.NaN)), ROWS, columns, columns + GAP, packed);

            assertThat(Samples.array(packed))
                    .as("%s, %d columns", codec.format(), columns)
                    .isEqualTo(Samples.array(Samples.encode(codec, values, ROWS)));
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void sumsIntoRowsWithAStride(PartialCodec codec) {
        for (int columns : COLUMNS) {
            List<MemorySegment> packets = packets(codec, columns, 3);
            float[] residual = sample(99, ROWS * columns);
            MemorySegment wide = Samples.segment(spread(residual, columns, 0.25f));
            codec.decodeSum(packets.toArray(MemorySegment[]::new), ROWS, columns, wide, columns + GAP);
            float[] expected = Samples.decodeSum(codec, packets, ROWS, columns, residual);

            Samples.assertSameBits(Samples.floats(wide), spread(expected, columns, 0.25f), codec.format(), columns);
            float[] sum = residual;
            for (int rank = 0; rank < 3; rank++) {
                float[] decoded = Samples.decode(codec, packets.get(rank), ROWS, columns);
                sum = rank == 0 ? decoded : add(sum, decoded);
            }
            Samples.assertSameBits(expected, add(sum, residual), codec.format(), columns);
        }
    }

    private static List<MemorySegment> packets(PartialCodec codec, int columns, int ranks) {
        List<MemorySegment> packets = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            packets.add(Samples.encode(codec, sample(rank, ROWS * columns), ROWS));
        }
        return packets;
    }

    private static float[] add(float[] left, float[] right) {
        float[] sum = new float[left.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = left[i] + right[i];
        }
        return sum;
    }

    /** Rows are reduced in groups; rows of 20001 columns are reduced one by one. */
    private static final List<Integer> REDUCED_COLUMNS = List.of(1, 33, 1021, 4098, 20001);

    private static final int REDUCED_RANKS = 4;

    static Stream<Arguments> reductions() {
        List<PartialCodec> codecs = codecs();
        return Pairwise.of(codecs.size(), REDUCED_COLUMNS.size(), REDUCED_RANKS).stream()
                .map(each -> Arguments.of(codecs.get(each[0]), REDUCED_COLUMNS.get(each[1]), each[2] + 1));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("codecs")
    void reducesAnyNumberOfColumnsAndRanks(PartialCodec codec) {
        for (int columns : REDUCED_COLUMNS) {
            for (int ranks = 1; ranks <= REDUCED_RANKS; ranks++) {
                reduceEqualsDecodeSumAndEncode(codec, columns, ranks);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("reductions")
    void reduceEqualsDecodeSumAndEncode(PartialCodec codec, int columns, int ranks) {
        PartialCodec reference = PartialCodec.reference(codec.format());
        List<MemorySegment> packets = packets(reference, columns, ranks);
        float[] sum = Samples.decode(reference, packets.getFirst(), ROWS, columns);
        for (MemorySegment packet : packets.subList(1, ranks)) {
            sum = add(sum, Samples.decode(reference, packet, ROWS, columns));
        }
        MemorySegment target = Samples.bytes(codec.format().encodedBytes(ROWS, columns) + 3);
        target.fill((byte) 0x5a);
        codec.reduce(packets.toArray(MemorySegment[]::new), ROWS, columns, target);

        byte[] expected = Arrays.copyOf(Samples.array(Samples.encode(reference, sum, ROWS)), (int) target.byteSize());
        Arrays.fill(expected, expected.length - 3, expected.length, (byte) 0x5a);
        assertThat(Samples.array(target))
                .as("%s, %d columns, %d ranks", codec.format(), columns, ranks)
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void reducesNegativeZerosAndNoRows(PartialCodec codec) {
        float[] zeros = new float[2 * 40];
        Arrays.fill(zeros, -0f);
        MemorySegment packet = Samples.encode(codec, zeros, 2);
        MemorySegment target = Samples.bytes(packet.byteSize());
        codec.reduce(new MemorySegment[] {packet, packet}, 2, 40, target);

        assertThat(Samples.array(target)).isEqualTo(Samples.array(packet));
        codec.reduce(new MemorySegment[] {MemorySegment.NULL}, 0, 40, MemorySegment.NULL);
        codec.encode(MemorySegment.NULL, 0, 40, 50, MemorySegment.NULL);
        codec.decodeSum(new MemorySegment[] {MemorySegment.NULL}, 0, 40, MemorySegment.NULL, 50);
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void formatsTellWhetherRowsAreIndependent(PartialCodec codec) {
        WireFormat format = codec.format();
        float[] values = sample(4, ROWS * 50);
        MemorySegment whole = Samples.encode(codec, values, ROWS);
        MemorySegment rows = Samples.bytes(ROWS * format.rowBytes(50));
        for (int row = 0; row < ROWS; row++) {
            codec.encode(
                    Samples.segment(values).asSlice(row * 200L, 200),
                    1,
                    50,
                    rows.asSlice(row * format.rowBytes(50), format.rowBytes(50)));
        }

        assertThat(whole.byteSize() == rows.byteSize() && whole.mismatch(rows) == -1)
                .as("%s", format)
                .isEqualTo(format.rowsIndependent());
        assertThat(format.rowsIndependent()).isEqualTo(!format.label().endsWith(":channel"));
    }

    @Test
    void refusesWrongStrides() {
        PartialCodec codec = PartialCodec.of(WireFormat.parse("e2m1"));
        MemorySegment plain = Samples.bytes(4 * (40 + 33) - 1);
        MemorySegment packed = Samples.bytes(100);
        MemorySegment[] packets = {packed};

        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.encode(plain, 2, 33, 32, packed))
                .withMessage("stride 32 of source is less than its 33 columns");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.encode(plain, 2, 33, 40, packed))
                .withMessage("source has 291 bytes, but 2 x 33 elements in f32 with rows 40 apart take 292");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decodeSum(packets, 2, 33, plain, 40))
                .withMessage("residual has 291 bytes, but 2 x 33 elements in f32 with rows 40 apart take 292");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.reduce(new MemorySegment[0], 2, 33, packed))
                .withMessage("0 packets: a sum needs 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.reduce(packets, 2, 33, packed.asSlice(63)))
                .withMessage("target has 37 bytes, but 2 x 33 elements in e2m1:32:e8m0 take 38");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.encode(plain, Integer.MAX_VALUE, 1, Integer.MAX_VALUE, packed))
                .withMessage("rows 2147483647 of 8589934588 bytes exceed 2^63 bytes");
    }
}
