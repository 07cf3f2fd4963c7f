package dev.waterspout.engine.forward;

import dev.waterspout.engine.forward.HostCompute.Product;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mixture of experts on the host. The tokens of a chunk are grouped by expert, so that an expert's weights are read
 * once, and those of an expert without tokens are not read.
 */
final class HostExperts {
    /** The experts of which the rank has all or some columns. */
    private final Span own;

    private final int width;
    private final GateFunction function;
    private final HostCompute compute;
    private final Buffers buffers;
    private final Routing routing;
    /** {@code [rows][experts]}. */
    private final MemorySegment logits;
    /** The tokens of one expert, {@code [rows][width]}. */
    private final MemorySegment input;
    /** The output of the expert, {@code [rows][width]}. */
    private final MemorySegment output;

    /** The partial that is computed, {@code [rows][width]}. */
    private MemorySegment partial = MemorySegment.NULL;

    private final int[] members;
    private final float[] weights;

    private long visits;
    private long bytes;

    HostExperts(
            ModelConfig config,
            Experts experts,
            Span own,
            int rows,
            HostCompute compute,
            Buffers buffers,
            Arena arena) {
        this.own = own;
        this.width = config.width();
        this.function = config.architecture().gate();
        this.compute = compute;
        this.buffers = buffers;
        this.routing = new Routing(experts, rows);
        this.logits = arena.allocate((long) rows * experts.count() * Float.BYTES, 64);
        this.input = arena.allocate((long) rows * width * Float.BYTES, 64);
        this.output = arena.allocate((long) rows * width * Float.BYTES, 64);
        this.members = new int[rows];
        this.weights = new float[rows];
    }

    /** Returns the bytes of the buffers that a mixture needs in addition to those of an FFN. */
    static long bytes(ModelConfig config, int rows) {
        Experts experts = config.experts();
        return experts == null ? 0 : (long) rows * (experts.count() + 2L * config.width()) * Float.BYTES;
    }

    /**
     * Computes the partial: the weighted sum of the chosen experts, restricted to this rank's columns, applied to h
     * [rows][width].
     */
    void apply(ShardWeights.Layer layer, MemorySegment h, MemorySegment target, int rows) {
        partial = target;
        Product router =
                new Product(layer.matrix(TensorRole.FFN_ROUTER), layer.vector(TensorRole.FFN_ROUTER_BIAS), logits);
        compute.linear(List.of(router), h, rows);
        routing.route(logits, layer.vector(TensorRole.FFN_CHOICE_BIAS), rows);
        partial.asSlice(0, (long) rows * width * Float.BYTES).fill((byte) 0);
        for (int expert = own.from(); expert < own.to(); expert++) {
            int count = gather(expert, h, rows);
            if (count > 0) {
                one(layer, expert, count);
                compute.addWeighted(partial, members, output, weights, width, count);
                visits += count;
            }
        }
        if (layer.has(TensorRole.FFN_DOWN_SHARED)) {
            shared(layer, h, rows);
        }
    }

    /** Returns the work of the chosen experts so far, without the shared expert. */
    ExpertLoad load() {
        return new ExpertLoad(visits, bytes);
    }

    private int gather(int expert, MemorySegment h, int rows) {
        int count = 0;
        long rowBytes = (long) width * Float.BYTES;
        for (int row = 0; row < rows; row++) {
            float weight = routing.weight(row, expert);
            if (!Float.isNaN(weight)) {
                MemorySegment.copy(h, row * rowBytes, input, count * rowBytes, rowBytes);
                members[count] = row;
                weights[count] = weight;
                count++;
            }
        }
        return count;
    }

    private void one(ShardWeights.Layer layer, int expert, int count) {
        WeightMatrix gate = layer.stack(TensorRole.FFN_GATE_EXPERTS).get(expert - own.from());
        WeightMatrix up = layer.stack(TensorRole.FFN_UP_EXPERTS).get(expert - own.from());
        WeightMatrix down = layer.stack(TensorRole.FFN_DOWN_EXPERTS).get(expert - own.from());
        bytes += ShardWeights.bytes(gate) + ShardWeights.bytes(up) + ShardWeights.bytes(down);
        compute.linear(
                List.of(
                        new Product(gate, bias(layer, TensorRole.FFN_GATE_EXPERTS_BIAS, expert), buffers.gate),
                        new Product(up, bias(layer, TensorRole.FFN_UP_EXPERTS_BIAS, expert), buffers.up)),
                input,
                count);
        compute.gate(function, buffers.gate, buffers.up, count * gate.rows());
        compute.linear(
                List.of(new Product(down, bias(layer, TensorRole.FFN_DOWN_EXPERTS_BIAS, expert), output)),
                buffers.gate,
                count);
    }

    private static @Nullable MemorySegment bias(ShardWeights.Layer layer, TensorRole role, int expert) {
        if (!layer.has(role)) {
            return null;
        }
        return layer.matrix(role).rowSlice(expert, expert + 1).data();
    }

    private void shared(ShardWeights.Layer layer, MemorySegment h, int rows) {
        WeightMatrix gate = layer.matrix(TensorRole.FFN_GATE_SHARED);
        WeightMatrix up = layer.matrix(TensorRole.FFN_UP_SHARED);
        compute.linear(List.of(new Product(gate, null, buffers.gate), new Product(up, null, buffers.up)), h, rows);
        compute.gate(function, buffers.gate, buffers.up, rows * gate.rows());
        compute.linear(
                List.of(new Product(layer.matrix(TensorRole.FFN_DOWN_SHARED), null, output)), buffers.gate, rows);
        MemorySegment router = layer.vector(TensorRole.FFN_ROUTER_SHARED);
        for (int row = 0; row < rows; row++) {
            members[row] = row;
            weights[row] = router == null ? 1 : sigmoid(router, h, row);
        }
        compute.addWeighted(partial, members, output, weights, width, rows);
    }

    /** Returns the weight of the shared expert for one row: the sigmoid of its router's logit. */
    private float sigmoid(MemorySegment router, MemorySegment h, int row) {
        double sum = 0;
        for (int column = 0; column < width; column++) {
            sum += (double) router.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, column)
                    * h.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * width + column);
        }
        return (float) (1 / (1 + StrictMath.exp(-sum)));
    }
}
