package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.MachineCode;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The operations of a transformer layer on the CPU. All activations are row-major f32, little-endian and off-heap.
 *
 * <p>Every call processes one band of its outputs, so that workers can share an operation; two bands never write the
 * same element. An output does not depend on how the work is cut: prefill in chunks of any size, decode, and any number
 * of workers give the same bits. Arguments that do not fit are refused with an {@link IllegalArgumentException} before
 * anything is written.
 */
public interface HostKernels {
    /** Returns the kernels that use the Vector API and do not round activations. */
    static HostKernels vector() {
        return new VectorKernels(Activations.F32, null);
    }

    /**
     * Returns the kernels that use the Vector API and, for matrix products, machine code. They do not round
     * activations.
     *
     * @param code the machine code that this process has emitted
     */
    static HostKernels machine(MachineCode code) {
        return new VectorKernels(Activations.F32, code);
    }

    /** Returns the reference kernels: plain loops, sums in double precision. */
    static HostKernels scalar() {
        return ScalarKernels.INSTANCE;
    }

    /**
     * Returns these kernels with matrix products in machine code, if this machine supports it; the reference kernels
     * are returned unchanged.
     */
    default HostKernels withMachineCode() {
        return this;
    }

    /**
     * Returns these kernels with another precision of activations.
     *
     * @param activations inputs of {@link #linear}; the reference kernels never round them
     */
    HostKernels withActivations(Activations activations);

    /**
     * Multiplies: {@code y[b][r] = sum over c of w[r][c] * x[b][c]} for r in [rowFrom, rowTo).
     *
     * @param weights w: [rows][columns]
     * @param x [batch][columns]
     * @param batch number of tokens, at least 1
     * @param y [batch][rows]
     * @param rowFrom first row of the band
     * @param rowTo row after the last
     * @param scratch the worker's memory
     */
    void linear(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            int rowFrom,
            int rowTo,
            HostScratch scratch);

    /**
     * Copies one row of a table as f32.
     *
     * @param table [rows][columns]
     * @param row the row
     * @param target receives [columns]
     * @param targetOffset byte offset in the target
     */
    void embed(WeightMatrix table, int row, MemorySegment target, long targetOffset);

    /**
     * Root-mean-square normalization (Zhang and Sennrich, arXiv 1910.07467):
     * {@code y[r] = x[r] / sqrt(mean(x[r]^2) + epsilon) * weight} for r in [rowFrom, rowTo). With a width of one head
     * it normalizes queries and keys per head.
     *
     * @param x [rows][width]
     * @param weight [width]
     * @param epsilon added to the mean square
     * @param y [rows][width], may be {@code x}
     * @param width elements of a row
     * @param rowFrom first row of the band
     * @param rowTo row after the last
     */
    void rmsNorm(
            MemorySegment x, MemorySegment weight, float epsilon, MemorySegment y, int width, int rowFrom, int rowTo);

    /**
     * Layer normalization (Ba, Kiros and Hinton, arXiv 1607.06450):
     * {@code y[r] = (x[r] - mean(x[r])) / sqrt(variance(x[r]) + epsilon) * weight + bias} for r in [rowFrom, rowTo).
     *
     * @param x [rows][width]
     * @param norm weight, bias and epsilon
     * @param y [rows][width], may be {@code x}
     * @param width elements of a row
     * @param rowFrom first row of the band
     * @param rowTo row after the last
     */
    void layerNorm(MemorySegment x, LayerNorm norm, MemorySegment y, int width, int rowFrom, int rowTo);

    /**
     * The parameters of a layer normalization.
     *
     * @param weight [width]
     * @param bias [width], or null
     * @param epsilon added to the variance
     */
    record LayerNorm(MemorySegment weight, @Nullable MemorySegment bias, float epsilon) {}

    /**
     * Rotates the first {@code ropeDim} elements of every head in place; the others do not change. Row {@code r} is
     * rotated by row {@code tableRow + r} of the table.
     *
     * @param table angles
     * @param tableRow row of the table for row 0 of {@code x}
     * @param x [rows][heads][headDim]
     * @param heads shape of a row
     * @param rowFrom first row of the band
     * @param rowTo row after the last
     */
    void rope(RotaryTable table, int tableRow, MemorySegment x, HeadShape heads, int rowFrom, int rowTo);

    /**
     * Scaled dot-product attention with a causal mask, for units [unitFrom, unitTo) of the call.
     *
     * @param call operands
     * @param unitFrom first unit of the band
     * @param unitTo unit after the last
     * @param scratch the worker's memory
     */
    void attention(AttentionCall call, int unitFrom, int unitTo, HostScratch scratch);

    /**
     * Applies the activation function of a feed-forward network: {@code gate[i] = function(gate[i], up[i])}.
     *
     * @param function function of two elements
     * @param gate elements, overwritten
     * @param up elements; not used by a function of one
     * @param from first element of the band
     * @param to element after the last
     */
    void gate(GateFunction function, MemorySegment gate, MemorySegment up, int from, int to);

    /**
     * Multiplies elements: {@code x[i] *= factor}.
     *
     * @param x elements, overwritten
     * @param factor factor of each element
     * @param from first element of the band
     * @param to element after the last
     */
    void scale(MemorySegment x, float factor, int from, int to);

    /**
     * Caps elements: {@code x[i] = cap * tanh(x[i] / cap)}.
     *
     * @param x elements, overwritten
     * @param cap above 0
     * @param from first element of the band
     * @param to element after the last
     */
    void softCap(MemorySegment x, float cap, int from, int to);

    /**
     * Adds elements: {@code target[i] += addend[i]}.
     *
     * @param target elements, overwritten
     * @param addend elements
     * @param from first element of the band
     * @param to element after the last
     */
    void add(MemorySegment target, MemorySegment addend, int from, int to);

    /**
     * Adds one vector to every row: {@code y[r][c] += bias[c]} for r in [rowFrom, rowTo).
     *
     * @param y [rows][width]
     * @param bias [width]
     * @param width elements of a row
     * @param rowFrom first row of the band
     * @param rowTo row after the last
     */
    void addBias(MemorySegment y, MemorySegment bias, int width, int rowFrom, int rowTo);
}
