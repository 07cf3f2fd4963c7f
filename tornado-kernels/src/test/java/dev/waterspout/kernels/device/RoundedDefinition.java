package dev.waterspout.kernels.device;

import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.machine.Quants;
import dev.waterspout.kernels.weights.QuantBlock;
import dev.waterspout.kernels.weights.QuantTarget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The definition of products with inputs of 8 bits. Of each group of columns the sum of the products of integers is
 * exact; it is multiplied by both scales and added by one fused multiply-add. The offset's term follows. Groups are
 * added in ascending order.
 */
final class RoundedDefinition {
    private static final int BLOCK = 32;

    private RoundedDefinition() {}

    /** {@return the products of a layer's matrix with some inputs} */
    static FloatArray of(DeviceWeights weights, int layer, FloatArray x, int tokens) {
        WeightMatrix matrix = Operands.matrix(weights, layer);
        int columns = matrix.columns();
        Quants quants = Objects.requireNonNull(matrix.format().quants());
        int groups = columns / quants.group();
        FloatArray y = Operands.zeros(tokens * weights.rows());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment numbers = arena.allocate(columns, 64);
            MemorySegment scales = arena.allocate(4L * groups, 64);
            MemorySegment offsets = arena.allocate(4L * groups, 64);
            QuantTarget target = new QuantTarget(numbers.address(), scales.address(), offsets.address(), Float.BYTES);
            for (int row = 0; row < weights.rows(); row++) {
                long address = matrix.data().address() + matrix.offset(row, 0);
                matrix.format().read(address, columns, target, new QuantBlock());
                for (int token = 0; token < tokens; token++) {
                    int[] rounded = new int[columns];
                    float[] inputScales = round(x, token * columns, rounded);
                    float sum = 0;
                    for (int g = 0; g < groups; g++) {
                        int dot = 0;
                        int inputs = 0;
                        for (int c = g * quants.group(); c < (g + 1) * quants.group(); c++) {
                            dot += numbers.get(ValueLayout.JAVA_BYTE, c) * rounded[c];
                            inputs += rounded[c];
                        }
                        float inputScale = inputScales[g * quants.group() / BLOCK];
                        sum = Math.fma((float) dot, scales.getAtIndex(ValueLayout.JAVA_FLOAT, g) * inputScale, sum);
                        if (quants.hasOffsets()) {
                            sum = Math.fma(offsets.getAtIndex(ValueLayout.JAVA_FLOAT, g), inputs * inputScale, sum);
                        }
                    }
                    y.set(token * weights.rows() + row, sum);
                }
            }
        }
        return y;
    }

    private static float[] round(FloatArray x, int from, int[] rounded) {
        float[] scales = new float[rounded.length / BLOCK];
        for (int block = 0; block < scales.length; block++) {
            float largest = 0;
            for (int c = block * BLOCK; c < (block + 1) * BLOCK; c++) {
                largest = Math.max(largest, Math.abs(x.get(from + c)));
            }
            boolean zero = largest < 0x1p-100f;
            float inverse = zero ? 0 : 127 / largest;
            for (int c = block * BLOCK; c < (block + 1) * BLOCK; c++) {
                rounded[c] = (int) Math.rint(x.get(from + c) * inverse);
            }
            scales[block] = zero ? 0 : largest / 127;
        }
        return scales;
    }
}
