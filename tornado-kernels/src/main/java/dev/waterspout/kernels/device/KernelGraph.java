package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.device.kernels.CacheKernels;
import dev.waterspout.kernels.device.kernels.GateKernels;
import dev.waterspout.kernels.device.kernels.MxParameters;
import dev.waterspout.kernels.device.kernels.QuantizeBlockKernels;
import dev.waterspout.kernels.device.kernels.QuantizeKernels;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.weights.DeviceTables;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A TornadoVM task graph of this package's kernels, with their worker grids. All kernels read the launch's scalars
 * from one {@link Step} array. The graph is therefore compiled once and runs for every chunk, and for all layers whose
 * weights have its tensor types.
 *
 * <p>The caller adds transfers to {@link #taskGraph()}, before and after the tasks. {@link #prepare} sizes the grids
 * for the next execution. Results have the bits of the host codec only in plans that are
 * {@link ExactPlans#exact exact}. Activations are [rows][width] f32. Every array is checked for the largest chunk when
 * its task is added.
 */
public final class KernelGraph {
    private static final int ELEMENTS = KernelCandidates.ELEMENTS;

    final KernelDevice device;
    final int maxRows;
    final int choiceRows;
    final IntArray step;
    final FloatArray powers;
    final TaskGraph graph;
    final LaunchPlan launches;
    private final StepLimits stepLimits;
    final MatrixStarts matrixStarts = new MatrixStarts();
    final KernelContext context = new KernelContext();
    final TensorTask.Sums tensorSums = new TensorTask.Sums();
    final RoundedInputs roundedInputs = new RoundedInputs();

    /**
     * Starts a graph without tasks.
     *
     * @param name the graph's name in its plan
     * @param device limits and kernel choices of the device
     * @param maxRows tokens of the largest chunk
     * @param step the launch's scalars, to be transferred at every execution
     * @param powers {@link DeviceTables#create()}, to be transferred once
     */
    public KernelGraph(String name, KernelDevice device, int maxRows, IntArray step, FloatArray powers) {
        this(name, device, maxRows, maxRows, step, powers);
    }

    /**
     * Starts a graph without tasks whose products and attention have the bits of those of a larger one.
     *
     * @param name the graph's name in its plan
     * @param device limits and kernel choices of the device
     * @param maxRows tokens of the largest chunk
     * @param choiceRows tokens of the largest chunk of the graph whose kernels this one has
     * @param step the launch's scalars, to be transferred at every execution
     * @param powers {@link DeviceTables#create()}, to be transferred once
     */
    public KernelGraph(
            String name, KernelDevice device, int maxRows, int choiceRows, IntArray step, FloatArray powers) {
        if (maxRows < 1) {
            throw new IllegalArgumentException("maxRows=" + maxRows + ": a chunk has at least 1 token");
        }
        ArrayChecks.requireSize("step", step, Step.SIZE);
        this.device = device;
        this.maxRows = maxRows;
        this.choiceRows = choiceRows;
        this.step = step;
        this.powers = powers;
        this.graph = new TaskGraph(name);
        this.launches = new LaunchPlan(name, device.limits());
        this.stepLimits = new StepLimits(maxRows);
    }

    /** {@return the task graph, to add transfers and to build a plan} */
    public TaskGraph taskGraph() {
        return graph;
    }

    /** {@return the number of kernels that the graph launches} */
    public int launches() {
        return launches.size();
    }

    /**
     * Adds the grids of all tasks.
     *
     * @param scheduler scheduler of the plan
     */
    public void addTo(GridScheduler scheduler) {
        launches.addTo(scheduler);
    }

    /**
     * Sizes the grids for the scalars that are now in {@link Step}, and sets its matrix starts for its layer; to be
     * called before every execution.
     *
     * @throws IllegalArgumentException if a kernel would access elements outside its arrays
     * @throws IllegalStateException if a grid would change, and grids are fixed
     */
    public void prepare() {
        stepLimits.require(step);
        matrixStarts.put(step);
        launches.resize(step.get(Step.ROWS), step.get(Step.OUT_ROWS));
    }

    /**
     * Refuses other grids than the present ones from now on: a captured CUDA graph repeats the grids of its capture.
     */
    public void fixGrids() {
        launches.fix();
    }

    /**
     * Adds a normalization of each vector of a row: {@code y = x / sqrt(mean(x^2) + epsilon) * weight}, or
     * {@code y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias}.
     *
     * @param task name
     * @param norm weights
     * @param x [rows][vectors][width]
     * @param y [rows][vectors][width], may be {@code x}
     * @param rows rows to process
     */
    public void normalize(String task, DeviceNorm norm, FloatArray x, FloatArray y, RowCount rows) {
        int elements = norm.vectors() * norm.width();
        normalize(task, norm, new DeviceColumns(x, elements, 0), y, rows);
    }

    /**
     * Adds a normalization of each vector of a row, in place.
     *
     * @param task name
     * @param norm weights
     * @param x the columns of a row that its vectors take, one behind the other
     */
    public void normalize(String task, DeviceNorm norm, DeviceColumns x) {
        normalize(task, norm, x, x.array(), RowCount.CHUNK);
    }

    private void normalize(String task, DeviceNorm norm, DeviceColumns x, FloatArray y, RowCount rows) {
        x.requireRoom("x", maxRows, 1, norm.vectors() * norm.width());
        ArrayChecks.requireSize("y", y, (long) maxRows * x.width());
        stepLimits.addLayers(norm.layers());
        new NormTask(norm, x, y, rows).add(graph, task, context, step, device.variant(), launches);
    }

    /**
     * Adds the beginning of a half layer: adds what the previous one has left to the residual stream, and normalizes
     * it. The residual stream has the bits that {@link #dequantizeSum} makes, if the sum is neither normalized nor
     * scaled.
     *
     * @param task name
     * @param sum what is added; the caller transfers the parameters of its codec
     * @param norm norm of the residual stream, or null
     * @param y [rows][columns], receives the normalized residual stream, or without a norm the residual stream
     * @param chosen the row of {@code sum} of each row of {@code y}, for a residual stream that stays as it is; null
     *     for all rows
     */
    public void addAndNormalize(
            String task, ResidualSum sum, @Nullable DeviceNorm norm, FloatArray y, @Nullable IntArray chosen) {
        add(task, new ResidualTask(sum, norm, y, chosen, null));
    }

    /**
     * Adds the beginning of a half layer that begins a pass in layer 0: there the residual stream is the embedding of
     * the tokens. In other layers the task is that of {@link #addAndNormalize}, for all rows.
     *
     * @param task name
     * @param embedding table, and tokens of the rows; the caller transfers the array of their places
     * @param sum what is added; in layer 0 the caller counts no packets
     * @param norm norm of the residual stream, or null
     * @param y [rows][columns], receives the normalized residual stream, or without a norm the residual stream
     */
    public void embedAndNormalize(
            String task, DeviceEmbedding embedding, ResidualSum sum, @Nullable DeviceNorm norm, FloatArray y) {
        stepLimits.addPlaces(embedding.places());
        add(task, new ResidualTask(sum, norm, y, null, embedding));
    }

    private void add(String task, ResidualTask residual) {
        residual.requireRoom(task, maxRows);
        ResidualSum sum = residual.sum();
        stepLimits.addPackets(sum.packets().ranks());
        Stream.of(residual.norm(), sum.post())
                .filter(Objects::nonNull)
                .forEach(each -> stepLimits.addLayers(each.layers()));
        residual.add(this, task);
    }

    /**
     * Adds the matrix product {@code y[b][r] = sum over c of w[layer][r][c] * x[b][c] + bias[layer][r]}.
     *
     * @param task name
     * @param w weights
     * @param bias [layers of the model][rows of w], or null
     * @param x [rows][columns of w]
     * @param y [rows][rows of w]
     * @throws IllegalArgumentException if an array is too small, or the graph already has {@link Step#MATRICES}
     *     products
     */
    public void linear(String task, DeviceWeights w, @Nullable FloatArray bias, FloatArray x, FloatArray y) {
        product(task, w, bias, GateKernels.NONE, x, y);
    }

    /**
     * Adds a matrix product and an activation function of its outputs. The first half of the matrix is the gate, the
     * second half the other projection: {@code y[b][r] = function(p[b][r], p[b][r + n])}, with {@code n} half the rows
     * of w and {@code p} the product of {@link #linear}. With a function of one operand, {@code y = function(p)}.
     *
     * @param task name
     * @param w weights for which {@link DeviceWeights#activates} holds
     * @param bias [layers of the model][rows of w], or null
     * @param function function of two elements, or of one
     * @param x [rows][columns of w]
     * @param y [rows][outputs]
     * @throws IllegalArgumentException if an array is too small, the weights do not suit the function, or the graph
     *     already has {@link Step#MATRICES} products
     */
    public void gatedLinear(
            String task,
            DeviceWeights w,
            @Nullable FloatArray bias,
            GateFunction function,
            FloatArray x,
            FloatArray y) {
        if (!w.activates(function)) {
            throw new IllegalArgumentException("task " + task + ": " + w.rows() + " rows of " + w.format()
                    + " are not the two parts of " + function);
        }
        product(task, w, bias, ElementTasks.number(function), x, y);
    }

    KernelChoice choice(DeviceWeights w) {
        KernelShape shape = KernelShape.linear(w.format(), w.rows(), w.columns(), choiceRows);
        KernelChoice choice = device.choice(shape, w.isInPanels());
        return device.rounds(w) ? RoundedTask.choice(device, choice) : choice;
    }

    private void product(
            String task, DeviceWeights w, @Nullable FloatArray bias, int function, FloatArray x, FloatArray y) {
        w.requireProducts(task);
        ArrayChecks.requireProduct(maxRows, w, bias, x, y, GateKernels.parts(function));
        int startIndex = matrixStarts.add(task, w);
        KernelChoice choice = choice(w);
        LinearTask product = new LinearTask(
                w, startIndex, bias == null ? powers : bias, bias == null ? 0 : w.rows(), function, x, y);
        if (choice.cut() == KernelCut.TENSOR) {
            new TensorTask(product).add(this, task);
        } else if (device.rounds(w)) {
            new RoundedTask(product).add(this, task, choice);
        } else if (choice.cut() == KernelCut.WARP) {
            new WarpTask(product, choice).add(this, task);
        } else {
            product.add(graph, task, context, step, choice, launches);
        }
    }

    /**
     * Adds the rotary embedding: normalizes the heads of queries and keys if they have norms, rotates queries, and
     * stores rotated keys and values in the cache at the launch's layer and each row's place.
     *
     * @param task name
     * @param rope angles, one row per token of the chunk
     * @param cache receives keys and values
     * @param places places of the rows in the cache
     * @param heads query heads
     * @param made queries, keys and values before the rotation
     * @param queries [rows][heads][headDim], receives the rotated queries; another array than those of {@code made}
     */
    public void turnAndStore(
            String task,
            DeviceRope rope,
            DeviceCache cache,
            RowPlaces places,
            int heads,
            HeadColumns made,
            FloatArray queries) {
        RotaryTask rotary = new RotaryTask(rope, cache, places.data(), heads, made, queries);
        require(task, rotary, places);
        rotary.add(graph, task, context, step, device.variant(), launches);
    }

    private void require(String task, RotaryTask rotary, RowPlaces places) {
        rotary.requireRoom(task, maxRows);
        stepLimits.addCache(rotary.cache(), places);
        DeviceNorm norms = rotary.made().norms();
        if (norms != null) {
            stepLimits.addLayers(norms.layers());
        }
    }

    /**
     * Adds a copy of a block of the cache to another one, in all layers and heads.
     *
     * @param task name
     * @param cache keys and values
     * @param copy numbers of the block that is read and of the block that is overwritten; both within the cache
     */
    public void copyBlock(String task, DeviceCache cache, IntArray copy) {
        ArrayChecks.requireSize("copy", copy, 2);
        copyBlock(task, cache, cache.keys(), copy);
        if (!cache.hasKeysOnly()) {
            copyBlock(task + "Values", cache, cache.values(), copy);
        }
    }

    private void copyBlock(String task, DeviceCache cache, TornadoNativeArray copied, IntArray copy) {
        int layerHeads = cache.layers() * cache.kvHeads();
        int block = cache.blockSize() * cache.rowElements();
        int head = cache.capacity() * cache.rowElements();
        if (copied instanceof IntArray words) {
            graph.task(task, CacheKernels::copyCacheWords, context, copy, words, layerHeads, block, head);
        } else {
            FloatArray floats = (FloatArray) copied;
            graph.task(task, CacheKernels::copyCacheBlock, context, copy, floats, layerHeads, block, head);
        }
        launches.add(task, (long) layerHeads * block, ELEMENTS, 0, RowCount.CHUNK);
    }

    /**
     * Adds causal attention: every query head of every token attends to the positions up to its own within the
     * launch's window.
     *
     * @param task name
     * @param cache keys and values, those of the chunk included
     * @param places places of the rows in the cache
     * @param heads query heads, a multiple of the cache's
     * @param scoring scale, soft cap and sinks of the scores
     * @param queries [rows][heads][headDim]
     * @param output [rows][heads][headDim], not {@code queries}
     */
    public void attention(
            String task,
            DeviceCache cache,
            RowPlaces places,
            int heads,
            DeviceScoring scoring,
            FloatArray queries,
            FloatArray output) {
        AttentionTask attention = new AttentionTask(cache, places.data(), heads, scoring, queries, output);
        attention.requireRoom(task, maxRows);
        stepLimits.addCache(cache, places);
        KernelChoice choice = attentionChoice(cache, heads);
        if (choice.cut() == KernelCut.SPLIT) {
            attention.split(splitPlan(cache, heads, choice)).add(this, task, queries);
        } else if (choice.cut() == KernelCut.QUERIES || choice.cut() == KernelCut.TENSOR) {
            boolean tensor = choice.cut() == KernelCut.TENSOR;
            attention.tiles(tilePlan(cache, heads, choice, places)).add(this, task, tensor);
        } else {
            attention.add(graph, task, context, step, choice, launches);
        }
    }

    private KernelChoice attentionChoice(DeviceCache cache, int heads) {
        KernelShape shape = KernelShape.attention(cache.type(), heads, cache.headDim(), choiceRows);
        return SplitPlan.resolve(device.choice(shape), cache, device.limits());
    }

    private QueryTilePlan tilePlan(DeviceCache cache, int heads, KernelChoice choice, RowPlaces places) {
        return QueryTilePlan.of(cache, heads, choice, maxRows < choiceRows, places);
    }

    private SplitPlan splitPlan(DeviceCache cache, int heads, KernelChoice choice) {
        return SplitPlan.of(cache, heads, choiceRows, choice, device.limits());
    }

    /**
     * Adds the rotary embedding, the storing of keys and values, and attention, with the bits of {@link #turnAndStore}
     * and {@link #attention}: as one task where the cache has values, and {@link DeviceCache#ownElements} for the
     * graph's chunks, unless the kernel of attention has no such form; else as those two. A split of the positions
     * takes one more task. The rows of a sequence have their places together.
     *
     * @param task name; the rotary embedding of its own has the suffix {@code Turn}
     * @param rope angles, one row per token of the chunk
     * @param cache receives keys and values
     * @param places places of the rows in the cache
     * @param scoring scale, soft cap and sinks of the scores
     * @param made queries, keys and values before the rotation
     * @param queries [rows][heads][headDim], receives the rotated queries
     * @param output [rows][heads][headDim], another array than {@code queries}
     */
    public void turnAndAttend(
            String task,
            DeviceRope rope,
            DeviceCache cache,
            RowPlaces places,
            DeviceScoring scoring,
            HeadColumns made,
            FloatArray queries,
            FloatArray output) {
        int heads = scoring.sinks().getSize() / cache.layers();
        KernelChoice choice = attentionChoice(cache, heads);
        RotaryTask rotary = new RotaryTask(rope, cache, places.data(), heads, made, queries);
        QueryTilePlan tiles = choice.cut() == KernelCut.QUERIES ? tilePlan(cache, heads, choice, places) : null;
        boolean ofTokens = tiles == null || tiles.tokens() == 1;
        if (!ofTokens || !rotary.attends(maxRows, choice, device.variant())) {
            turnAndStore(task + "Turn", rope, cache, places, heads, made, queries);
            attention(task, cache, places, heads, scoring, queries, output);
            return;
        }
        require(task, rotary, places);
        AttentionTask attention = new AttentionTask(cache, places.data(), heads, scoring, queries, output);
        attention.requireRoom(task, maxRows);
        if (choice.cut() == KernelCut.SPLIT) {
            attention.split(splitPlan(cache, heads, choice)).addTurning(this, task, rotary);
        } else if (tiles != null) {
            attention.tiles(tiles).addTurning(this, task, rotary);
        } else {
            rotary.addAttending(this, task, scoring, output, choice);
        }
    }

    /**
     * Adds the encoding of a partial in the codec's format. The bytes are those of the host's codec, except for the
     * payload of bf16 NaNs. An f32 partial needs no encoding and has no task.
     *
     * @param task name
     * @param codec block-quantized or bf16
     * @param partial [rows][columns]
     * @param packed receives {@code codec.packedBytes(rows)} bytes
     */
    public void quantize(String task, DeviceCodec codec, FloatArray partial, ByteArray packed) {
        int columns = codec.columns();
        ArrayChecks.requireSize("partial", partial, (long) maxRows * columns);
        ArrayChecks.requireSize("packed", packed, codec.packedBytes(maxRows));
        KernelChoice choice = device.choice(KernelShape.quantize(codec.format(), columns, maxRows));
        switch (codec.format()) {
            case MxFormat mx -> {
                boolean runs = choice.cut() == KernelCut.PLAIN;
                graph.task(
                        task,
                        runs ? QuantizeKernels::quantizeBlocks : QuantizeBlockKernels::quantizeWhole,
                        context,
                        step,
                        codec.parameters(),
                        powers,
                        partial,
                        packed);
                long items = runs ? MxParameters.itemsPerRow(mx, columns) : Math.ceilDiv(columns, choice.perItem());
                launches.add(task, items, choice.local(), 1, RowCount.CHUNK);
            }
            case PlainFormat plain -> {
                if (plain == PlainFormat.F32) {
                    throw new IllegalArgumentException("format f32 of task " + task + ": a partial is f32 already");
                }
                graph.task(task, QuantizeKernels::packBf16, context, step, powers, partial, packed, columns);
                launches.add(task, columns, choice.local(), 1, RowCount.CHUNK);
            }
            default -> throw DeviceCodec.unsupported(codec.format());
        }
    }

    /**
     * Adds the fused kernel {@code residual = ((dequantize(packet 0) + dequantize(packet 1)) + ...) + residual}, in
     * f32 and in rank order.
     *
     * @param task name
     * @param codec block-quantized, bf16 or f32
     * @param packets packets of all ranks: a {@link ByteArray}, or a {@link FloatArray} for f32
     * @param residual [rows][columns], read and written
     */
    public void dequantizeSum(String task, DeviceCodec codec, DevicePackets packets, FloatArray residual) {
        ArrayChecks.requireSize("residual", residual, (long) maxRows * codec.columns());
        switch (packets.others()) {
            case FloatArray others -> {
                codec.requireFormat(task, PlainFormat.F32);
                packets.requireRoom((long) maxRows * codec.columns());
                new SumTask(codec, packets, residual).addFloats(graph, task, context, step, others);
                launches.add(task, codec.columns(), ELEMENTS, 1, RowCount.CHUNK);
            }
            case ByteArray others -> {
                packets.requireRoom(codec.packedBytes(maxRows));
                KernelChoice choice = device.choice(
                        KernelShape.dequantizeSum(codec.format(), packets.ranks(), codec.columns(), maxRows));
                new SumTask(codec, packets, residual).addBytes(graph, task, context, step, powers, others, choice);
                launches.add(task, Math.ceilDiv(codec.columns(), choice.perItem()), choice.local(), 1, RowCount.CHUNK);
            }
            default -> throw new IllegalArgumentException("task " + task + ": packets are bytes or floats");
        }
    }
}
