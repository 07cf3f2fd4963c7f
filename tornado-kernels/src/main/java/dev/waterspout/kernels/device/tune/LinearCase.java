package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.RoundedInputs;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.Optional;
import java.util.Random;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A product of weights and tokens. As in a run, every launch reads the matrix of another layer, so that the matrix is
 * not in a cache.
 *
 * @param format format of the weights
 * @param layers matrices in the array
 * @param rows output rows
 * @param columns input columns
 * @param tokens tokens of the largest chunk
 * @param timedTokens number of tokens of a timed launch
 */
public record LinearCase(WeightFormat format, int layers, int rows, int columns, int tokens, int timedTokens)
        implements TuneCase {
    /** Bytes of weights that no cache holds after they have all been read. */
    private static final long ENOUGH_BYTES = 64L << 20;

    private static final int SAMPLED_ROWS = 24;
    private static final double TOLERANCE = 1e-4;

    @Override
    public KernelShape shape() {
        return KernelShape.linear(DeviceWeights.productFormat(format, columns), rows, columns, tokens);
    }

    private long matrixBytes() {
        return rows * format.rowBytes(columns);
    }

    @Override
    public long bytes() {
        return matrixBytes() + (long) timedTokens * (rows + columns) * Float.BYTES;
    }

    @Override
    public long flops() {
        return 2L * rows * columns * timedTokens;
    }

    @Override
    public TuneOperands operands() {
        int used = Math.clamp(Math.ceilDiv(ENOUGH_BYTES, matrixBytes()), 1, layers);
        return new Operands(used);
    }

    private final class Operands implements TuneOperands {
        private final DeviceWeights weights;
        /** The weights as engines lay them out. */
        private final DeviceWeights multiplied;

        private final FloatArray x;
        private final FloatArray y;
        private final IntArray step = Step.allocate();
        private final FloatArray powers = DeviceTables.create();

        /** The inputs that are multiplied: {@code x}, or {@code x} rounded. */
        private FloatArray multipliedBy;

        Operands(int used) {
            Random random = new Random(rows);
            this.weights = Fill.weights(random, format, used, rows, columns);
            this.multiplied = weights.forProducts();
            this.x = Fill.gaussian(random, Math.multiplyExact(tokens, columns));
            this.multipliedBy = x;
            this.y = new FloatArray(Math.multiplyExact(tokens, rows));
            step.set(Step.ROWS, timedTokens);
        }

        @Override
        public KernelGraph graph(String name, KernelDevice device) {
            multipliedBy = device.roundsInputs(multiplied, shape()) ? rounded(x) : x;
            KernelGraph graph = new KernelGraph(name, device, tokens, step, powers);
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
                    .transferToDevice(DataTransferMode.FIRST_EXECUTION, powers, multiplied.data(), x, y);
            graph.linear("product", multiplied, null, x, y);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, y);
            return graph;
        }

        private static FloatArray rounded(FloatArray inputs) {
            float[] made = inputs.toHeapArray();
            RoundedInputs.round(made);
            return FloatArray.fromArray(made);
        }

        @Override
        public void prepare(int run) {
            step.set(Step.LAYER, run % weights.matrices());
            y.init(Float.NaN);
        }

        @Override
        public Optional<String> mismatch() {
            WeightMatrix matrix = WeightMatrix.dense(
                    weights.data().getSegment().asSlice(step.get(Step.LAYER) * matrixBytes(), matrixBytes()),
                    format,
                    rows,
                    columns);
            int samples = Math.min(rows, SAMPLED_ROWS);
            for (int sample = 0; sample < samples; sample++) {
                int row = samples == 1 ? 0 : (int) ((long) sample * (rows - 1) / (samples - 1));
                FloatArray expected = new FloatArray(timedTokens);
                HostKernels.scalar()
                        .linear(
                                matrix.rowSlice(row, row + 1),
                                multipliedBy.getSegment(),
                                timedTokens,
                                expected.getSegment(),
                                0,
                                1,
                                new HostScratch());
                float[] actual = new float[timedTokens];
                for (int token = 0; token < timedTokens; token++) {
                    actual[token] = y.get(token * rows + row);
                }
                Optional<String> difference = Fill.difference(actual, expected.toHeapArray(), TOLERANCE);
                if (difference.isPresent()) {
                    return difference.map(text -> "output row " + row + ": " + text);
                }
            }
            return Optional.empty();
        }
    }
}
