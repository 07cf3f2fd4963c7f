package dev.waterspout.engine.forward;

import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostKernels.LayerNorm;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.host.cold.ColdKernels;
import dev.waterspout.kernels.parallel.WorkerPool;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The host kernels, with each operation divided among a rank's workers. */
final class HostCompute {
    /** Minimum number of matrix rows per worker; fewer would not fill a kernel's tile. */
    private static final int ROW_GRAIN = 16;
    /** Minimum number of elements per worker. */
    private static final int ELEMENT_GRAIN = 4096;

    private HostKernels kernels;
    /** Kernels that embed a single token: too little work for the JVM to compile vector operations within a reply. */
    private final HostKernels loops;

    private final WorkerPool pool;
    private final HostScratch[] scratch;
    private Timeline timeline = Timeline.OFF;

    HostCompute(HostKernels kernels, WorkerPool pool) {
        this.kernels = kernels;
        this.loops = ColdKernels.of(kernels);
        this.pool = pool;
        this.scratch = new HostScratch[pool.threads()];
        for (int worker = 0; worker < scratch.length; worker++) {
            scratch[worker] = new HostScratch();
        }
    }

    /** Sets the kernels of further operations. */
    void use(HostKernels others) {
        kernels = others;
    }

    /** Sets a task that the first worker, the calling thread, runs between two tiles. */
    void betweenTiles(Runnable task) {
        scratch[0].betweenTiles(task);
    }

    /** Sets the timeline that records the times of further operations. */
    void record(Timeline into) {
        timeline = into;
    }

    /** target [rows][width] = rows of the table. */
    void embed(WeightMatrix table, int[] tokens, MemorySegment target) {
        long begun = timeline.begin();
        long rowBytes = (long) table.columns() * Float.BYTES;
        HostKernels used = tokens.length == 1 ? loops : kernels;
        pool.run(tokens.length, 1, (worker, from, to) -> {
            for (int row = from; row < to; row++) {
                used.embed(table, tokens[row], target, row * rowBytes);
            }
        });
        timeline.end(Phase.EMBED, "embed", begun);
    }

    /**
     * A product with one matrix.
     *
     * @param weights [outputs][columns]
     * @param bias [outputs], or null
     * @param y receives [rows][outputs]
     */
    record Product(WeightMatrix weights, @Nullable MemorySegment bias, MemorySegment y) {}

    /**
     * Multiplies x [rows][columns] with several matrices in one run of the workers: the rows of all matrices are
     * divided as if they were one matrix, with one barrier at the end.
     */
    void linear(List<Product> products, MemorySegment x, int rows) {
        long begun = timeline.begin();
        int outputs = 0;
        for (int i = 0; i < products.size(); i++) {
            outputs += products.get(i).weights().rows();
        }
        pool.run(outputs, ROW_GRAIN, (worker, from, to) -> {
            int start = 0;
            for (int i = 0; i < products.size(); i++) {
                Product product = products.get(i);
                int end = start + product.weights().rows();
                if (from < end && start < to) {
                    kernels.linear(
                            product.weights(),
                            x,
                            rows,
                            product.y(),
                            Math.max(from - start, 0),
                            Math.min(to, end) - start,
                            scratch[worker]);
                }
                start = end;
            }
        });
        for (int i = 0; i < products.size(); i++) {
            Product product = products.get(i);
            MemorySegment bias = product.bias();
            if (bias != null) {
                int width = product.weights().rows();
                pool.run(rows, 1, (worker, from, to) -> kernels.addBias(product.y(), bias, width, from, to));
            }
        }
        timeline.end(Phase.LINEAR, "linear", begun);
    }

    /** y [rows][weights.rows] = x [rows][weights.columns] times the transposed weights. */
    void linear(WeightMatrix weights, MemorySegment x, int rows, MemorySegment y) {
        long begun = timeline.begin();
        pool.run(
                weights.rows(),
                ROW_GRAIN,
                (worker, from, to) -> kernels.linear(weights, x, rows, y, from, to, scratch[worker]));
        timeline.end(Phase.LINEAR, "linear", begun);
    }

    /**
     * Multiplies with several matrices of one shape, each with its own input: y [matrices][rows][weights.rows] = x
     * [matrices][rows][weights.columns] times the transposed weights.
     */
    void linearEach(List<WeightMatrix> weights, MemorySegment x, int rows, MemorySegment y) {
        long begun = timeline.begin();
        long inputs = (long) rows * weights.getFirst().columns() * Float.BYTES;
        long outputs = (long) rows * weights.getFirst().rows() * Float.BYTES;
        pool.run(weights.size(), 1, (worker, from, to) -> {
            for (int each = from; each < to; each++) {
                WeightMatrix matrix = weights.get(each);
                MemorySegment result = y.asSlice(each * outputs, outputs);
                kernels.linear(
                        matrix, x.asSlice(each * inputs, inputs), rows, result, 0, matrix.rows(), scratch[worker]);
            }
        });
        timeline.end(Phase.LINEAR, "linear", begun);
    }

    /** y [rows][width] = norm of x [rows][width]. */
    void normalize(Norm norm, MemorySegment x, MemorySegment y, int width, int rows) {
        long begun = timeline.begin();
        switch (norm.kind()) {
            case RMS ->
                pool.run(
                        rows,
                        1,
                        (worker, from, to) -> kernels.rmsNorm(x, norm.weight(), norm.epsilon(), y, width, from, to));
            case LAYER -> {
                LayerNorm parameters = new LayerNorm(norm.weight(), norm.bias(), norm.epsilon());
                pool.run(rows, 1, (worker, from, to) -> kernels.layerNorm(x, parameters, y, width, from, to));
            }
        }
        timeline.end(Phase.NORM, "norm", begun);
    }

    /**
     * Applies the rotary embedding to queries [rows][queryHeads][headDim] and keys [rows][keyHeads][headDim], with one
     * row of the table per row.
     */
    void rope(
            RotaryTable table,
            int tableRow,
            MemorySegment queries,
            HeadShape queryHeads,
            MemorySegment keys,
            HeadShape keyHeads,
            int rows) {
        long begun = timeline.begin();
        pool.run(rows, 1, (worker, from, to) -> {
            kernels.rope(table, tableRow, queries, queryHeads, from, to);
            kernels.rope(table, tableRow, keys, keyHeads, from, to);
        });
        timeline.end(Phase.ROPE, "rope", begun);
    }

    /**
     * Computes the attention of several sequences in one run of the workers, which share the units of all sequences.
     */
    void attention(List<AttentionCall> calls) {
        long begun = timeline.begin();
        int units = 0;
        for (int i = 0; i < calls.size(); i++) {
            units += calls.get(i).units();
        }
        pool.run(units, 1, (worker, from, to) -> {
            int start = 0;
            for (int i = 0; i < calls.size(); i++) {
                AttentionCall call = calls.get(i);
                int end = start + call.units();
                if (from < end && start < to) {
                    kernels.attention(call, Math.max(from - start, 0), Math.min(to, end) - start, scratch[worker]);
                }
                start = end;
            }
        });
        timeline.end(Phase.ATTENTION, "attention", begun);
    }

    /** gate = function(gate, up). */
    void gate(GateFunction function, MemorySegment gate, MemorySegment up, int elements) {
        long begun = timeline.begin();
        pool.run(elements, ELEMENT_GRAIN, (worker, from, to) -> kernels.gate(function, gate, up, from, to));
        timeline.end(Phase.SWIGLU, "swiglu", begun);
    }

    /** Adds every row of the addend [rows][width], times its weight, to another row of the target [..][width]. */
    void addWeighted(
            MemorySegment target, int[] rowsOfTarget, MemorySegment addend, float[] weights, int width, int rows) {
        pool.run(rows * width, ELEMENT_GRAIN, (worker, from, to) -> {
            for (int at = from; at < to; ) {
                int row = at / width;
                int end = Math.min(to, (row + 1) * width);
                long shift = (long) (rowsOfTarget[row] - row) * width;
                float weight = weights[row];
                for (; at < end; at++) {
                    float sum = target.getAtIndex(ValueLayout.JAVA_FLOAT, shift + at)
                            + weight * addend.getAtIndex(ValueLayout.JAVA_FLOAT, at);
                    target.setAtIndex(ValueLayout.JAVA_FLOAT, shift + at, sum);
                }
            }
        });
    }

    /** x = x times a factor. */
    void scale(MemorySegment x, float factor, int elements) {
        if (factor != 1) {
            pool.run(elements, ELEMENT_GRAIN, (worker, from, to) -> kernels.scale(x, factor, from, to));
        }
    }

    /** x = cap x tanh(x / cap); a cap of 0 leaves it. */
    void softCap(MemorySegment x, float cap, int elements) {
        if (cap != 0) {
            pool.run(elements, ELEMENT_GRAIN, (worker, from, to) -> kernels.softCap(x, cap, from, to));
        }
    }

    /** target = target + addend. */
    void add(MemorySegment target, MemorySegment addend, int elements) {
        pool.run(elements, ELEMENT_GRAIN, (worker, from, to) -> kernels.add(target, addend, from, to));
    }
}
