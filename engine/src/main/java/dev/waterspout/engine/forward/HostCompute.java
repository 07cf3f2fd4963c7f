package dev.waterspout.engine.forward;

import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.HeadShape;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.RotaryTable;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.parallel.WorkerPool;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The host kernels, each operation dealt out to a rank's workers. */
final class HostCompute {
    /** Rows of a matrix that a worker takes at least: fewer would not fill a kernel's tile. */
    private static final int ROW_GRAIN = 16;
    /** Elements that a worker takes at least. */
    private static final int ELEMENT_GRAIN = 4096;

    private final HostKernels kernels;
    private final WorkerPool pool;
    private final HostScratch[] scratch;
    private Timeline timeline = Timeline.OFF;

    HostCompute(HostKernels kernels, WorkerPool pool) {
        this.kernels = kernels;
        this.pool = pool;
        this.scratch = new HostScratch[pool.threads()];
        for (int worker = 0; worker < scratch.length; worker++) {
            scratch[worker] = new HostScratch();
        }
    }

    /** Notes what the operations take from now on. */
    void record(Timeline into) {
        timeline = into;
    }

    /** target [rows][width] = rows of the table. */
    void embed(WeightMatrix table, int[] tokens, MemorySegment target) {
        long begun = timeline.begin();
        long rowBytes = (long) table.columns() * Float.BYTES;
        pool.run(tokens.length, 1, (worker, from, to) -> {
            for (int row = from; row < to; row++) {
                kernels.embed(table, tokens[row], target, row * rowBytes);
            }
        });
        timeline.end(Phase.EMBED, "embed", begun);
    }

    /** y [rows][weights.rows] = x [rows][weights.columns] times the transposed weights, plus the bias. */
    void linear(WeightMatrix weights, @Nullable MemorySegment bias, MemorySegment x, int rows, MemorySegment y) {
        long begun = timeline.begin();
        pool.run(
                weights.rows(),
                ROW_GRAIN,
                (worker, from, to) -> kernels.linear(weights, x, rows, y, from, to, scratch[worker]));
        if (bias != null) {
            pool.run(rows, 1, (worker, from, to) -> kernels.addBias(y, bias, weights.rows(), from, to));
        }
        timeline.end(Phase.LINEAR, "linear", begun);
    }

    /** y [rows][width] = RMSNorm of x [rows][width]. */
    void rmsNorm(MemorySegment x, MemorySegment weight, float epsilon, MemorySegment y, int width, int rows) {
        long begun = timeline.begin();
        pool.run(rows, 1, (worker, from, to) -> kernels.rmsNorm(x, weight, epsilon, y, width, from, to));
        timeline.end(Phase.NORM, "norm", begun);
    }

    /** Turns x [rows][heads][headDim] by the table's first rows. */
    void rope(RotaryTable table, MemorySegment x, HeadShape heads, int rows) {
        long begun = timeline.begin();
        pool.run(rows, 1, (worker, from, to) -> kernels.rope(table, 0, x, heads, from, to));
        timeline.end(Phase.ROPE, "rope", begun);
    }

    void attention(AttentionCall call) {
        long begun = timeline.begin();
        pool.run(call.units(), 1, (worker, from, to) -> kernels.attention(call, from, to, scratch[worker]));
        timeline.end(Phase.ATTENTION, "attention", begun);
    }

    /** gate = silu(gate) x up. */
    void swiglu(MemorySegment gate, MemorySegment up, int elements) {
        long begun = timeline.begin();
        pool.run(elements, ELEMENT_GRAIN, (worker, from, to) -> kernels.swiglu(gate, up, from, to));
        timeline.end(Phase.SWIGLU, "swiglu", begun);
    }
}
