package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/** The reference: plain loops, sums in double precision. */
final class ScalarKernels implements HostKernels {
    static final ScalarKernels INSTANCE = new ScalarKernels();

    private ScalarKernels() {}

    @Override
    public HostKernels withActivations(Activations activations) {
        return this;
    }

    @Override
    public void linear(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            int rowFrom,
            int rowTo,
            HostScratch scratch) {
        Arguments.checkLinear(weights, x, batch, y);
        Arguments.checkRange("rows", rowFrom, rowTo, weights.rows());
        for (int row = rowFrom; row < rowTo; row++) {
            for (int token = 0; token < batch; token++) {
                long xOffset = Layouts.floats((long) token * weights.columns());
                double sum = 0;
                for (int c = 0; c < weights.columns(); c++) {
                    sum += (double) weights.weight(row, c) * at(x, xOffset, c);
                }
                put(y, Layouts.floats((long) token * weights.rows()), row, (float) sum);
            }
        }
    }

    @Override
    public void embed(WeightMatrix table, int row, MemorySegment target, long targetOffset) {
        Arguments.checkEmbed(table, row, target, targetOffset);
        for (int c = 0; c < table.columns(); c++) {
            put(target, targetOffset, c, table.weight(row, c));
        }
    }

    @Override
    public void rmsNorm(
            MemorySegment x, MemorySegment weight, float epsilon, MemorySegment y, int width, int rowFrom, int rowTo) {
        Arguments.checkRows(x, width, rowFrom, rowTo);
        Arguments.checkRows(y, width, rowFrom, rowTo);
        Arguments.checkFloats("weight", weight, width);
        for (int row = rowFrom; row < rowTo; row++) {
            long offset = Layouts.floats((long) row * width);
            double squares = 0;
            for (int i = 0; i < width; i++) {
                squares += (double) at(x, offset, i) * at(x, offset, i);
            }
            double factor = 1 / Math.sqrt(squares / width + epsilon);
            for (int i = 0; i < width; i++) {
                put(y, offset, i, (float) (at(x, offset, i) * factor * at(weight, 0, i)));
            }
        }
    }

    @Override
    public void layerNorm(MemorySegment x, LayerNorm norm, MemorySegment y, int width, int rowFrom, int rowTo) {
        Arguments.checkLayerNorm(x, norm, y, width, rowFrom, rowTo);
        for (int row = rowFrom; row < rowTo; row++) {
            long offset = Layouts.floats((long) row * width);
            double mean = 0;
            for (int i = 0; i < width; i++) {
                mean += (double) at(x, offset, i) / width;
            }
            double squares = 0;
            for (int i = 0; i < width; i++) {
                squares += (at(x, offset, i) - mean) * (at(x, offset, i) - mean);
            }
            double factor = 1 / Math.sqrt(squares / width + norm.epsilon());
            for (int i = 0; i < width; i++) {
                double bias = norm.bias() == null ? 0 : at(norm.bias(), 0, i);
                put(y, offset, i, (float) ((at(x, offset, i) - mean) * factor * at(norm.weight(), 0, i) + bias));
            }
        }
    }

    @Override
    public void rope(RotaryTable table, int tableRow, MemorySegment x, HeadShape heads, int rowFrom, int rowTo) {
        Arguments.checkRope(table, tableRow, x, heads, rowFrom, rowTo);
        int distance = table.pairing() == RopePairing.ADJACENT ? 1 : table.ropeDim() / 2;
        int step = table.pairing() == RopePairing.ADJACENT ? 2 : 1;
        for (int row = rowFrom; row < rowTo; row++) {
            long cosines = table.cosineOffset(tableRow + row);
            long sines = table.sineOffset(tableRow + row);
            for (int head = 0; head < heads.heads(); head++) {
                long offset = Layouts.floats((long) row * heads.width() + (long) head * heads.headDim());
                for (int pair = 0; pair < table.ropeDim() / 2; pair++) {
                    int i = pair * step;
                    int j = i + distance;
                    double first = at(x, offset, i);
                    double second = at(x, offset, j);
                    MemorySegment factors = table.factors();
                    put(x, offset, i, (float) (first * at(factors, cosines, i) + second * at(factors, sines, i)));
                    put(x, offset, j, (float) (second * at(factors, cosines, j) + first * at(factors, sines, j)));
                }
            }
        }
    }

    @Override
    public void attention(AttentionCall call, int unitFrom, int unitTo, HostScratch scratch) {
        Arguments.checkRange("units", unitFrom, unitTo, call.units());
        for (int unit = unitFrom; unit < unitTo; unit++) {
            ScalarAttention.apply(call, unit);
        }
    }

    @Override
    public void gate(GateFunction function, MemorySegment gate, MemorySegment up, int from, int to) {
        Arguments.checkElements(gate, up, from, to);
        for (int i = from; i < to; i++) {
            put(gate, 0, i, (float) gated(function, at(gate, 0, i), at(up, 0, i)));
        }
    }

    private static double gated(GateFunction function, double gate, double up) {
        return switch (function) {
            case SWIGLU -> gate / (1 + Math.exp(-gate)) * up;
            case GEGLU -> gelu(gate) * up;
            case GELU -> gelu(gate);
            case SWIGLU_CLAMPED -> {
                double low = Math.min(gate, GateFunction.LIMIT);
                double clamped = Math.clamp(up, -GateFunction.LIMIT, GateFunction.LIMIT);
                yield low / (1 + Math.exp(-GateFunction.SLOPE * low)) * (clamped + 1);
            }
        };
    }

    private static double gelu(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    @Override
    public void scale(MemorySegment x, float factor, int from, int to) {
        Arguments.checkElements(x, from, to);
        for (int i = from; i < to; i++) {
            put(x, 0, i, at(x, 0, i) * factor);
        }
    }

    @Override
    public void softCap(MemorySegment x, float cap, int from, int to) {
        Arguments.checkElements(x, from, to);
        for (int i = from; i < to; i++) {
            put(x, 0, i, (float) (cap * Math.tanh(at(x, 0, i) / (double) cap)));
        }
    }

    @Override
    public void add(MemorySegment target, MemorySegment addend, int from, int to) {
        Arguments.checkElements(target, addend, from, to);
        for (int i = from; i < to; i++) {
            put(target, 0, i, at(target, 0, i) + at(addend, 0, i));
        }
    }

    @Override
    public void addBias(MemorySegment y, MemorySegment bias, int width, int rowFrom, int rowTo) {
        Arguments.checkRows(y, width, rowFrom, rowTo);
        Arguments.checkFloats("bias", bias, width);
        for (int row = rowFrom; row < rowTo; row++) {
            long offset = Layouts.floats((long) row * width);
            for (int c = 0; c < width; c++) {
                put(y, offset, c, at(y, offset, c) + at(bias, 0, c));
            }
        }
    }

    static float at(MemorySegment segment, long base, int index) {
        return segment.get(Layouts.F32, base + Layouts.floats(index));
    }

    static void put(MemorySegment segment, long base, int index, float value) {
        segment.set(Layouts.F32, base + Layouts.floats(index), value);
    }
}
