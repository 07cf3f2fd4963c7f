package dev.waterspout.engine.forward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class TransposedMatrixTest {
    /** Three rows of two blocks; element i of a row is (i - 32) times the scale of the row. */
    @Test
    void blocksOfARowBecomeColumns() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(WeightFormat.Q8_0.rowBytes(64) * 3, 64);
            for (int block = 0; block < 6; block++) {
                int row = block / 2;
                long at = WeightFormat.Q8_0.rowBytes(32) * block;
                data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(row + 0.5f));
                for (int i = 0; i < 32; i++) {
                    data.set(ValueLayout.JAVA_BYTE, at + Short.BYTES + i, (byte) (block % 2 * 32 + i - 32));
                }
            }
            TransposedMatrix transposed = new TransposedMatrix(WeightMatrix.dense(data, WeightFormat.Q8_0, 3, 64));
            assertThat(transposed.shape().rows()).isEqualTo(64);
            assertThat(transposed.shape().columns()).isEqualTo(3);
            float[] expected = new float[64 * 3];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = (i / 3 - 32) * (i % 3 + 0.5f);
            }
            assertThat(transposed.weights().data().toArray(ValueLayout.JAVA_FLOAT))
                    .containsExactly(expected);
        }
    }
}
