package dev.waterspout.kernels.host.cold;

import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.Arguments;
import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.host.VectorKernels;
import dev.waterspout.kernels.host.VectorNorm;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.vector.Exponential;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/**
 * Kernels for the first pass of a process: loops over arrays, with the same bits as {@link VectorKernels}.
 *
 * <p>Until C2 has compiled it, an operation of the Vector API allocates an object and takes about a microsecond. A
 * multiply-add in a loop over an array takes some nanoseconds as soon as C1 has compiled the loop. Machine code needs
 * no compilation, so operations that exist in machine code use it here, too.
 */
public final class ColdKernels implements HostKernels {
    private final VectorKernels compiled;

    /** Creates the kernels. The Vector API kernels decide which inputs are rounded, and do all additions. */
    private ColdKernels(VectorKernels compiled) {
        this.compiled = compiled;
    }

    /**
     * Returns kernels that give the same bits and are faster while the JVM has not compiled the given ones. After that
     * they are many times slower.
     *
     * @param kernels the kernels to replace; the reference kernels are returned unchanged
     */
    public static HostKernels of(HostKernels kernels) {
        return kernels instanceof VectorKernels vector ? new ColdKernels(vector) : kernels;
    }

    @Override
    public HostKernels withActivations(Activations precision) {
        return of(compiled.withActivations(precision));
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
        if (compiled.isMachineCode(weights)) {
            compiled.linear(weights, x, batch, y, rowFrom, rowTo, scratch);
        } else {
            new ColdLinear(weights, x, batch, compiled.rounds(weights)).multiply(y, rowFrom, rowTo);
        }
    }

    @Override
    public void embed(WeightMatrix table, int row, MemorySegment target, long targetOffset) {
        if (compiled.expandsInMachineCode(table)) {
            compiled.embed(table, row, target, targetOffset);
            return;
        }
        Arguments.checkEmbed(table, row, target, targetOffset);
        float[] weights = new float[table.columns()];
        ColdFloats.expand(table, row, weights);
        ColdFloats.put(weights, 0, target, targetOffset, weights.length);
    }

    @Override
    public void rmsNorm(
            MemorySegment x, MemorySegment weight, float epsilon, MemorySegment y, int width, int rowFrom, int rowTo) {
        Arguments.checkRows(x, width, rowFrom, rowTo);
        Arguments.checkRows(y, width, rowFrom, rowTo);
        Arguments.checkFloats("weight", weight, width);
        if (compiled.hasMachineCode()) {
            compiled.rmsNorm(x, weight, epsilon, y, width, rowFrom, rowTo);
            return;
        }
        float[] factors = ColdFloats.get(weight, 0, width);
        for (int row = rowFrom; row < rowTo; row++) {
            long offset = Layouts.floats((long) row * width);
            float[] values = ColdFloats.get(x, offset, width);
            float factor = (float) (1 / Math.sqrt((double) squares(values) / width + epsilon));
            for (int i = 0; i < width; i++) {
                values[i] = values[i] * factor * factors[i];
            }
            ColdFloats.put(values, 0, y, offset, width);
        }
    }

    /** Four vectors in turn, and those that are left onto the first one. */
    private static float squares(float[] values) {
        int lanes = VectorNorm.UNROLL * Lanes.COUNT;
        int unrolled = values.length - values.length % lanes;
        float[] sums = new float[lanes];
        for (int i = 0; i < values.length; i++) {
            int lane = i < unrolled ? i % lanes : i % Lanes.COUNT;
            sums[lane] = Math.fma(values[i], values[i], sums[lane]);
        }
        for (int lane = 0; lane < Lanes.COUNT; lane++) {
            float first = sums[lane] + sums[Lanes.COUNT + lane];
            sums[lane] = first + (sums[2 * Lanes.COUNT + lane] + sums[3 * Lanes.COUNT + lane]);
        }
        return ColdFloats.sumLanes(sums, 0);
    }

    @Override
    public void layerNorm(MemorySegment x, LayerNorm norm, MemorySegment y, int width, int rowFrom, int rowTo) {
        compiled.layerNorm(x, norm, y, width, rowFrom, rowTo);
    }

    @Override
    public void rope(RotaryTable table, int tableRow, MemorySegment x, HeadShape heads, int rowFrom, int rowTo) {
        Arguments.checkRope(table, tableRow, x, heads, rowFrom, rowTo);
        if (compiled.hasMachineCode()) {
            compiled.rope(table, tableRow, x, heads, rowFrom, rowTo);
            return;
        }
        int dim = table.ropeDim();
        boolean adjacent = table.pairing() == RopePairing.ADJACENT;
        int distance = adjacent ? 1 : dim / 2;
        int step = adjacent ? 2 : 1;
        for (int row = rowFrom; row < rowTo; row++) {
            float[] cosines = ColdFloats.get(table.factors(), table.cosineOffset(tableRow + row), dim);
            float[] sines = ColdFloats.get(table.factors(), table.sineOffset(tableRow + row), dim);
            long offset = Layouts.floats((long) row * heads.width());
            float[] values = ColdFloats.get(x, offset, heads.width());
            for (int head = 0; head < heads.width(); head += heads.headDim()) {
                for (int pair = 0; pair < dim / 2; pair++) {
                    int i = pair * step;
                    int j = i + distance;
                    float a = values[head + i];
                    float b = values[head + j];
                    values[head + i] = Math.fma(a, cosines[i], b * sines[i]);
                    values[head + j] = Math.fma(b, cosines[j], a * sines[j]);
                }
            }
            ColdFloats.put(values, 0, x, offset, values.length);
        }
    }

    @Override
    public void attention(AttentionCall call, int unitFrom, int unitTo, HostScratch scratch) {
        Arguments.checkRange("units", unitFrom, unitTo, call.units());
        if (compiled.hasMachineCode() && call.scoring().cap() == 0) {
            compiled.attention(call, unitFrom, unitTo, scratch);
            return;
        }
        ColdAttention attention = new ColdAttention(call);
        for (int unit = unitFrom; unit < unitTo; unit++) {
            attention.apply(unit);
        }
    }

    @Override
    public void gate(GateFunction function, MemorySegment gate, MemorySegment up, int from, int to) {
        Arguments.checkElements(gate, up, from, to);
        if (compiled.hasMachineCode() && function == GateFunction.SWIGLU) {
            compiled.gate(function, gate, up, from, to);
            return;
        }
        float[] gates = ColdFloats.get(gate, Layouts.floats(from), to - from);
        float[] ups = ColdFloats.get(up, Layouts.floats(from), to - from);
        for (int i = 0; i < gates.length; i++) {
            gates[i] = gated(function, gates[i], ups[i]);
        }
        ColdFloats.put(gates, 0, gate, Layouts.floats(from), gates.length);
    }

    private static float gated(GateFunction function, float gate, float up) {
        return switch (function) {
            case SWIGLU -> sigmoid(gate, -gate) * up;
            case GEGLU -> gelu(gate) * up;
            case GELU -> gelu(gate);
            case SWIGLU_CLAMPED -> {
                float low = Math.min(gate, GateFunction.LIMIT);
                float clamped = Math.min(Math.max(up, -GateFunction.LIMIT), GateFunction.LIMIT);
                yield sigmoid(low, low * -GateFunction.SLOPE) * (clamped + 1);
            }
        };
    }

    private static float gelu(float x) {
        return sigmoid(x, x * Math.fma(x * x, GateFunction.GELU_3, GateFunction.GELU_1));
    }

    private static float sigmoid(float x, float exponent) {
        return x / (Exponential.of(exponent) + 1);
    }

    @Override
    public void scale(MemorySegment x, float factor, int from, int to) {
        compiled.scale(x, factor, from, to);
    }

    @Override
    public void softCap(MemorySegment x, float cap, int from, int to) {
        Arguments.checkElements(x, from, to);
        float[] values = ColdFloats.get(x, Layouts.floats(from), to - from);
        for (int i = 0; i < values.length; i++) {
            values[i] = ColdFloats.softCap(values[i], cap);
        }
        ColdFloats.put(values, 0, x, Layouts.floats(from), values.length);
    }

    @Override
    public void add(MemorySegment target, MemorySegment addend, int from, int to) {
        compiled.add(target, addend, from, to);
    }

    @Override
    public void addBias(MemorySegment y, MemorySegment bias, int width, int rowFrom, int rowTo) {
        compiled.addBias(y, bias, width, rowFrom, rowTo);
    }
}
