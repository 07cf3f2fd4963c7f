package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Matrix operations of warps. */
class MatrixTest extends OnEmulatedGpu {
    private static final int DEPTH = 16;
    private static final int COLUMNS = 8;
    private static final int STRIDE = 20;

    /** Two warps: each multiplies 16 rows of {@code a} with the same {@code b}, and adds 1. */
    private static void multiply(KernelContext context, IntArray a, IntArray b, FloatArray out) {
        int[] rows = context.allocateIntLocalArray(2 * DEPTH * DEPTH / 2);
        int[] columns = context.allocateIntLocalArray(4 + DEPTH * COLUMNS / 2);
        int item = context.localIdx;
        for (int i = item; i < a.getSize(); i += 64) {
            rows[i] = a.get(i);
        }
        columns[4 + item] = b.get(item);
        context.localBarrier();
        int warp = item >> 5;
        float[] sums = context.mmaBF16(
                context.mmaLoadA(rows, DEPTH, warp * 512),
                context.mmaLoadB(columns, DEPTH, 16),
                context.mmaFragment(1f),
                MMAShape.M16N8K16);
        context.mmaStore(sums, out, warp * 16, 5, STRIDE);
    }

    @Test
    void aWarpMultipliesMatrices() {
        IntArray a = new IntArray(256);
        IntArray b = new IntArray(64);
        FloatArray out = new FloatArray(32 * STRIDE);
        out.init(0f);
        for (int i = 0; i < 512; i++) {
            put(a, i, i % 31 - 9);
        }
        for (int i = 0; i < 128; i++) {
            put(b, i, (i * 7) % 19 - 4);
        }
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, a, b, out)
                .task("t", MatrixTest::multiply, new KernelContext(), a, b, out)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        Plans.runOnce(graph, 64, 64);
        for (int row = 0; row < 32; row++) {
            for (int column = 0; column < STRIDE; column++) {
                float expected = 0f;
                if (column >= 5 && column < 5 + COLUMNS) {
                    expected = 1f;
                    for (int k = 0; k < DEPTH; k++) {
                        int i = row * DEPTH + k;
                        int j = k * COLUMNS + column - 5;
                        expected += (i % 31 - 9f) * ((j * 7) % 19 - 4f);
                    }
                }
                assertThat(out.get(row * STRIDE + column))
                        .as("row %d, column %d", row, column)
                        .isEqualTo(expected);
            }
        }
    }

    private static void put(IntArray words, int i, float number) {
        int bits = BFloat16.bf16FromFloat(number) & 0xFFFF;
        words.set(i / 2, i % 2 == 0 ? bits : words.get(i / 2) | (bits << 16));
    }

    private static void misaligned(KernelContext context, FloatArray out) {
        int[] tile = context.allocateIntLocalArray(256);
        out.set(context.globalIdx, context.mmaLoadA(tile, DEPTH, 8).length);
    }

    @Test
    void rowsOfOperandsAreAligned() {
        FloatArray out = new FloatArray(32);
        TaskGraph graph = new TaskGraph("g").task("t", MatrixTest::misaligned, new KernelContext(), out);
        assertThatThrownBy(() -> Plans.runOnce(graph, 32, 32))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("matrix operand at byte 8 of a local array; rows begin at multiples of 16");
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "-2.5, -2.5",
        "1.00390625, 1",
        "1.01171875, 1.015625",
        "1.005, 1.0078125",
        "0, 0",
        "1e-45, 0",
        "3.4e38, Infinity",
        "-Infinity, -Infinity",
        "NaN, NaN"
    })
    void floatsAreRoundedToBf16(float value, float nearest) {
        assertThat(BFloat16.bf16ToFloat(BFloat16.bf16FromFloat(value))).isEqualTo(Float.valueOf(nearest));
    }
}
