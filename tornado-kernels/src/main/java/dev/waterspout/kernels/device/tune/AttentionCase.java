package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.DeviceCache;
import dev.waterspout.kernels.device.DeviceScoring;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.device.RowPlaces;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.KvCacheView;
import dev.waterspout.kernels.host.Scoring;
import dev.waterspout.kernels.weights.DeviceTables;
import java.util.Optional;
import java.util.Random;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Attention of a chunk in the middle of a context, over the cache of one layer.
 *
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim elements of a head
 * @param capacity positions of the cache
 * @param tokens tokens of the largest chunk
 * @param timedTokens number of tokens of a timed launch
 */
public record AttentionCase(int heads, int kvHeads, int headDim, int capacity, int tokens, int timedTokens)
        implements TuneCase {
    /** Number of tokens before those of the launch, typical of a short conversation. */
    private static final int DEPTH = 256;
    /** Part of the cache that is before a single token, if that is more. */
    private static final int PART = 4;

    private static final double TOLERANCE = 1e-4;

    @Override
    public KernelShape shape() {
        return KernelShape.attention(heads, headDim, tokens);
    }

    private int position() {
        int depth = tokens == 1 ? Math.max(DEPTH, capacity / PART) : DEPTH;
        return Math.min(depth, capacity - timedTokens);
    }

    @Override
    public long bytes() {
        long cached = 2L * kvHeads * (position() + timedTokens) * headDim;
        return (cached + 2L * heads * headDim * timedTokens) * Float.BYTES;
    }

    @Override
    public long flops() {
        long visible = (long) timedTokens * position() + (long) timedTokens * (timedTokens + 1) / 2;
        return 4L * heads * headDim * visible;
    }

    @Override
    public TuneOperands operands() {
        return new Operands();
    }

    private final class Operands implements TuneOperands {
        private final DeviceCache cache;
        private final RowPlaces places;
        private final DeviceScoring scoring;
        private final FloatArray queries;
        private final FloatArray output;
        private final float[] expected;
        private final IntArray step = Step.allocate();
        private final FloatArray powers = DeviceTables.create();

        Operands() {
            Random random = new Random(heads);
            int elements = Math.multiplyExact(Math.multiplyExact(kvHeads, capacity), headDim);
            this.cache = new DeviceCache(
                    Fill.gaussian(random, elements), Fill.gaussian(random, elements), kvHeads, capacity, headDim);
            this.queries = Fill.gaussian(random, Math.multiplyExact(tokens, heads * headDim));
            this.output = new FloatArray(queries.getSize());
            this.places = new RowPlaces(cache, tokens, 1, 1);
            places.add(position(), timedTokens, 0);
            this.scoring = new DeviceScoring(Scoring.plain(headDim).scale(), 0, DeviceScoring.noSinks(1, heads));
            step.set(Step.ROWS, timedTokens);
            FloatArray reference = new FloatArray(timedTokens * heads * headDim);
            KvCacheView view = new KvCacheView(
                    cache.keys().getSegment(), cache.values().getSegment(), CacheType.F32, kvHeads, capacity, headDim);
            AttentionCall call = new AttentionCall(
                    view, queries.getSegment(), reference.getSegment(), heads, position(), timedTokens);
            HostKernels.scalar().attention(call, 0, call.units(), new HostScratch());
            this.expected = reference.toHeapArray();
        }

        @Override
        public KernelGraph graph(String name, KernelDevice device) {
            KernelGraph graph = new KernelGraph(name, device, tokens, step, powers);
            graph.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step, places.data())
                    .transferToDevice(
                            DataTransferMode.FIRST_EXECUTION,
                            queries,
                            cache.keys(),
                            cache.values(),
                            scoring.sinks(),
                            output);
            graph.attention("attend", cache, places, heads, scoring, queries, output);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, output);
            return graph;
        }

        @Override
        public void prepare(int run) {
            output.init(Float.NaN);
        }

        @Override
        public Optional<String> mismatch() {
            return Fill.difference(output.toHeapArray(), expected, TOLERANCE);
        }
    }
}
