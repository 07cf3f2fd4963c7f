package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.ByteKernels;
import dev.waterspout.kernels.machine.ElementKernels;
import dev.waterspout.kernels.machine.ExpansionKernels;
import dev.waterspout.kernels.machine.FloatStorage;
import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.machine.Quants;
import dev.waterspout.kernels.machine.RotaryKernels;
import dev.waterspout.kernels.machine.SwigluKernels;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.QuantBlock;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The Vector API kernels, with matrix products in machine code where that is given. Checks the arguments and delegates
 * each operation to its own class.
 */
public final class VectorKernels implements HostKernels {
    private final Activations activations;
    private final @Nullable MachineCode machine;

    /**
     * Creates kernels.
     *
     * @param machine does matrix products where it can, or null
     */
    VectorKernels(Activations activations, @Nullable MachineCode machine) {
        this.activations = activations;
        this.machine = machine;
    }

    @Override
    public HostKernels withActivations(Activations precision) {
        return new VectorKernels(precision, machine);
    }

    @Override
    public HostKernels withMachineCode() {
        return new VectorKernels(activations, MachineCode.shared().orElse(null));
    }

    /** {@return whether operations that exist in machine code use it} */
    public boolean hasMachineCode() {
        return machine != null;
    }

    /**
     * {@return whether machine code does whole products with these weights, so that they need no compilation to be
     * fast}
     *
     * @param weights weights of the product
     */
    public boolean isMachineCode(WeightMatrix weights) {
        return bytes(weights) != null || expandsInMachineCode(weights);
    }

    /**
     * {@return whether weights are floats that machine code expands}
     *
     * @param weights the weights
     */
    public boolean expandsInMachineCode(WeightMatrix weights) {
        return machine != null && weights.format().floats() != null;
    }

    /**
     * {@return whether products with these weights round their inputs}
     *
     * @param weights weights of the product
     */
    public boolean rounds(WeightMatrix weights) {
        return VectorLinear.rounds(weights, activations);
    }

    /**
     * {@return the micro-kernels in machine code that do a product, or null if the Vector API does it}
     *
     * @param weights weights of the product
     */
    public @Nullable ByteKernels bytes(WeightMatrix weights) {
        Quants quants = weights.format().quants();
        return machine == null || quants == null || activations == Activations.F32
                ? null
                : machine.bytes(quants).orElse(null);
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
        ByteKernels bytes = bytes(weights);
        if (bytes != null) {
            ByteLinear.apply(weights, bytes, x, batch, y, rowFrom, rowTo, scratch);
        } else {
            VectorLinear.apply(weights, x, batch, y, rowFrom, rowTo, rounds(weights), scratch, machine);
        }
    }

    @Override
    public void embed(WeightMatrix table, int row, MemorySegment target, long targetOffset) {
        Arguments.checkEmbed(table, row, target, targetOffset);
        long address = Memory.address(table.data()) + table.offset(row, 0);
        FloatStorage floats = table.format().floats();
        if (machine != null && floats != null && table.columns() % Lanes.COUNT == 0) {
            Optional<ExpansionKernels> expansion = machine.expansions(floats, Lanes.COUNT, 0, 0);
            if (expansion.isPresent()) {
                expansion.get().expand(Memory.target(target) + targetOffset, address, 0, 1, table.columns());
                return;
            }
        }
        table.format().unpack(address, table.columns(), Memory.target(target) + targetOffset, new QuantBlock());
    }

    @Override
    public void rmsNorm(
            MemorySegment x, MemorySegment weight, float epsilon, MemorySegment y, int width, int rowFrom, int rowTo) {
        Arguments.checkRows(x, width, rowFrom, rowTo);
        Arguments.checkRows(y, width, rowFrom, rowTo);
        Arguments.checkFloats("weight", weight, width);
        ElementKernels elements = elements();
        if (elements != null && width % elements.squaresStep() == 0) {
            long weights = Memory.address(weight);
            for (int row = rowFrom; row < rowTo; row++) {
                long offset = Layouts.floats((long) row * width);
                long from = Memory.address(x) + offset;
                float factor = VectorNorm.factor(elements.squares(from, width), width, epsilon);
                elements.normalize(from, factor, weights, Memory.target(y) + offset, width);
            }
            return;
        }
        for (int row = rowFrom; row < rowTo; row++) {
            VectorNorm.row(x, weight, epsilon, y, Layouts.floats((long) row * width), width);
        }
    }

    @Override
    public void layerNorm(MemorySegment x, LayerNorm norm, MemorySegment y, int width, int rowFrom, int rowTo) {
        Arguments.checkLayerNorm(x, norm, y, width, rowFrom, rowTo);
        for (int row = rowFrom; row < rowTo; row++) {
            long offset = Layouts.floats((long) row * width);
            VectorNorm.layerRow(x, norm.weight(), norm.bias(), norm.epsilon(), y, offset, width);
        }
    }

    @Override
    public void rope(RotaryTable table, int tableRow, MemorySegment x, HeadShape heads, int rowFrom, int rowTo) {
        Arguments.checkRope(table, tableRow, x, heads, rowFrom, rowTo);
        RotaryKernels rotary = machine == null
                ? null
                : machine.rotary(
                                table.pairing() == RopePairing.ADJACENT, table.ropeDim(), heads.headDim() * Float.BYTES)
                        .orElse(null);
        if (rotary != null) {
            long factors = Memory.address(table.factors());
            for (int row = rowFrom; row < rowTo; row++) {
                long from = Memory.target(x) + Layouts.floats((long) row * heads.width());
                long cosines = factors + table.cosineOffset(tableRow + row);
                rotary.apply(from, cosines, factors + table.sineOffset(tableRow + row), heads.heads());
            }
            return;
        }
        for (int row = rowFrom; row < rowTo; row++) {
            for (int head = 0; head < heads.heads(); head++) {
                long element = (long) row * heads.width() + (long) head * heads.headDim();
                VectorRotary.head(table, tableRow + row, x, Layouts.floats(element));
            }
        }
    }

    @Override
    public void attention(AttentionCall call, int unitFrom, int unitTo, HostScratch scratch) {
        Arguments.checkRange("units", unitFrom, unitTo, call.units());
        VectorAttention.apply(call, unitFrom, unitTo, scratch, machine);
    }

    @Override
    public void gate(GateFunction function, MemorySegment gate, MemorySegment up, int from, int to) {
        Arguments.checkElements(gate, up, from, to);
        int rest = from;
        SwigluKernels swiglu = machine == null || function != GateFunction.SWIGLU
                ? null
                : machine.swiglu().orElse(null);
        if (swiglu != null) {
            int whole = (to - from) / SwigluKernels.LANES * SwigluKernels.LANES;
            swiglu.apply(Memory.target(gate) + Layouts.floats(from), Memory.address(up) + Layouts.floats(from), whole);
            rest = from + whole;
        }
        VectorElementwise.gate(function, gate, up, rest, to);
    }

    @Override
    public void scale(MemorySegment x, float factor, int from, int to) {
        Arguments.checkElements(x, from, to);
        ElementKernels elements = elements();
        int rest = elements == null ? from : to - (to - from) % ElementKernels.LANES;
        if (elements != null) {
            long first = Memory.target(x) + Layouts.floats(from);
            elements.scale(first, factor, first, rest - from);
        }
        VectorElementwise.scale(x, factor, rest, to);
    }

    @Override
    public void softCap(MemorySegment x, float cap, int from, int to) {
        Arguments.checkElements(x, from, to);
        VectorElementwise.softCap(x, cap, from, to);
    }

    @Override
    public void add(MemorySegment target, MemorySegment addend, int from, int to) {
        Arguments.checkElements(target, addend, from, to);
        add(target, Layouts.floats(from), addend, Layouts.floats(from), to - from);
    }

    @Override
    public void addBias(MemorySegment y, MemorySegment bias, int width, int rowFrom, int rowTo) {
        Arguments.checkRows(y, width, rowFrom, rowTo);
        Arguments.checkFloats("bias", bias, width);
        for (int row = rowFrom; row < rowTo; row++) {
            add(y, Layouts.floats((long) row * width), bias, 0, width);
        }
    }

    private void add(MemorySegment target, long targetOffset, MemorySegment addend, long addendOffset, int count) {
        ElementKernels elements = elements();
        int whole = elements == null ? 0 : count - count % ElementKernels.LANES;
        if (elements != null) {
            elements.add(Memory.target(target) + targetOffset, Memory.address(addend) + addendOffset, whole);
        }
        long done = Layouts.floats(whole);
        VectorElementwise.add(target, targetOffset + done, addend, addendOffset + done, count - whole);
    }

    private @Nullable ElementKernels elements() {
        return machine == null ? null : machine.elements(Lanes.COUNT).orElse(null);
    }
}
