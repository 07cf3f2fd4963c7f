package dev.waterspout.kernels.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.testing.VectorWidths;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Every type has the bits of llama.cpp's values: the reference, the vectors, the loops of the first pass, panels.
 */
@Tag(VectorWidths.SHORT)
class WeightFormatTest {
    private static final int COLUMNS = ReferenceRows.COLUMNS;

    private final Arena arena = Arena.ofAuto();

    @ParameterizedTest
    @EnumSource(value = WeightFormat.class, mode = EnumSource.Mode.EXCLUDE, names = "F32")
    void theReferenceHasTheBits(WeightFormat format) {
        for (ReferenceRows rows : ReferenceRows.of(arena, format)) {
            int[] bits = new int[rows.rows() * COLUMNS];
            for (int i = 0; i < bits.length; i++) {
                int block = i / format.blockElements();
                long offset = (long) block * format.blockBytes();
                bits[i] = Float.floatToRawIntBits(format.weight(rows.stored(), offset, i % format.blockElements()));
            }
            assertThat(bits).isEqualTo(rows.bits());
        }
    }

    @ParameterizedTest
    @EnumSource(value = WeightFormat.class, mode = EnumSource.Mode.EXCLUDE, names = "F32")
    void vectorsHaveTheBits(WeightFormat format) {
        QuantBlock scratch = new QuantBlock();
        for (ReferenceRows rows : ReferenceRows.of(arena, format)) {
            MemorySegment target = arena.allocate(rows.values().byteSize(), 64);
            format.unpack(rows.stored().address(), rows.rows() * COLUMNS, target.address(), scratch);
            assertThat(target.toArray(Layouts.I32)).isEqualTo(rows.bits());
        }
    }

    @ParameterizedTest
    @EnumSource(value = WeightFormat.class, mode = EnumSource.Mode.EXCLUDE, names = "F32")
    void loopsOfTheFirstPassHaveTheBits(WeightFormat format) {
        for (ReferenceRows rows : ReferenceRows.of(arena, format)) {
            float[] target = new float[rows.rows() * COLUMNS];
            format.unpackCold(rows.stored().toArray(Layouts.I8), target);
            assertThat(bits(target)).isEqualTo(rows.bits());
        }
    }

    @ParameterizedTest
    @EnumSource(value = WeightFormat.class, mode = EnumSource.Mode.EXCLUDE, names = "F32")
    void panelsHaveTheBits(WeightFormat format) {
        for (ReferenceRows rows : ReferenceRows.of(arena, format)) {
            IntArray words = new IntArray((int) Panels.words(format, rows.rows() + 3L, COLUMNS) + 5);
            PanelPacker packer = new PanelPacker(format, COLUMNS);
            for (int row = 0; row < rows.rows(); row++) {
                packer.store(rows.stored(), row * format.rowBytes(COLUMNS), words, 5, row + 3);
            }
            float[] actual = new float[rows.rows() * COLUMNS];
            for (int i = 0; i < actual.length; i++) {
                actual[i] = Panels.weight(words, 5, i / COLUMNS + 3, COLUMNS, i % COLUMNS, Panels.layout(format));
            }
            assertThat(bits(actual)).isEqualTo(rows.bits());
        }
    }

    /** There is no reference for F32: a copy of all kinds of numbers. */
    @Test
    void singlesAreUnchanged() {
        int[] expected =
                new int[] {0, 1 << 31, 1, 0x007fffff, 0x00800000, 0x3f800001, 0xff7fffff, 0x7f800000, 0xff800000};
        byte[] stored = new byte[expected.length * Float.BYTES];
        MemorySegment data = MemorySegment.ofArray(stored);
        for (int i = 0; i < expected.length; i++) {
            data.set(Layouts.I32, Layouts.floats(i), expected[i]);
        }
        float[] cold = new float[expected.length];
        WeightFormat.F32.unpackCold(stored, cold);
        for (int i = 0; i < expected.length; i++) {
            float reference = WeightFormat.F32.weight(data, Layouts.floats(i), 0);
            assertThat(Float.floatToRawIntBits(reference)).isEqualTo(expected[i]);
        }
        assertThat(bits(cold)).isEqualTo(expected);
    }

    @Test
    void numbersOfTypesDiffer() {
        assertThat(Arrays.stream(WeightFormat.values()).map(WeightFormat::id)).doesNotHaveDuplicates();
        assertThat(WeightFormat.byId(14)).contains(WeightFormat.Q6_K);
        assertThat(WeightFormat.byId(4)).isEmpty();
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
