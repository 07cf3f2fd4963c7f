package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightMatrixTest {
    private static MemorySegment bytes(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }

    @ParameterizedTest
    @CsvSource({
        "F32, 1, 4, 7, 28",
        "F16, 1, 2, 7, 14",
        "BF16, 1, 2, 7, 14",
        "Q8_0, 32, 34, 64, 68",
        "Q4_0, 32, 18, 64, 36"
    })
    void formatsHaveTheirSizes(WeightFormat format, int elements, int blockBytes, int columns, long rowBytes) {
        assertThat(format.blockElements()).isEqualTo(elements);
        assertThat(format.blockBytes()).isEqualTo(blockBytes);
        assertThat(format.rowBytes(columns)).isEqualTo(rowBytes);
        assertThat(format.rowBytes(1 << 30)).isEqualTo((1L << 30) / elements * blockBytes);
    }

    @Test
    void slicesShareTheData() {
        MemorySegment data = bytes(3 * 100);
        WeightMatrix matrix = new WeightMatrix(data, WeightFormat.Q8_0, 3, 64, 100);
        WeightMatrix rows = matrix.rowSlice(1, 3);
        assertThat(rows.rows()).isEqualTo(2);
        assertThat(rows.data().byteSize()).isEqualTo(168);
        WeightMatrix columns = matrix.columnSlice(32, 64);
        assertThat(columns.columns()).isEqualTo(32);
        assertThat(columns.rowStride()).isEqualTo(100);
        data.set(Layouts.I8, 134, (byte) 7);
        assertThat(rows.data().get(Layouts.I8, 34)).isEqualTo((byte) 7);
        assertThat(columns.data().get(Layouts.I8, 100)).isEqualTo((byte) 7);
        assertThat(matrix.rowSlice(0, 3).columnSlice(0, 64).data().byteSize()).isEqualTo(268);
    }

    @Test
    void lastRowNeedsNoGap() {
        assertThat(new WeightMatrix(bytes(2 * 10 + 8), WeightFormat.F32, 3, 2, 10).rows())
                .isEqualTo(3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WeightMatrix(bytes(2 * 10 + 7), WeightFormat.F32, 3, 2, 10))
                .withMessageContaining("too small");
    }

    @Test
    void refusesShapesThatDoNotFit() {
        MemorySegment data = bytes(1000);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WeightMatrix.dense(data, WeightFormat.Q4_0, 1, 33))
                .withMessage("columns=33: a row of Q4_0 is cut into blocks of 32");
        assertThatIllegalArgumentException().isThrownBy(() -> WeightMatrix.dense(data, WeightFormat.F32, 0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> WeightMatrix.dense(data, WeightFormat.F32, 1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new WeightMatrix(data, WeightFormat.F32, 1, 4, 15));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WeightMatrix(data, WeightFormat.F32, 1 << 30, 4, Long.MAX_VALUE / 2));
        WeightMatrix matrix = WeightMatrix.dense(data, WeightFormat.Q8_0, 4, 96);
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.columnSlice(16, 64));
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.columnSlice(32, 80));
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.columnSlice(32, 32));
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.columnSlice(32, 128));
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.rowSlice(-1, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.rowSlice(2, 5));
    }
}
