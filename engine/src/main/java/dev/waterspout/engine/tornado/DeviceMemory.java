package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Experts;
import dev.waterspout.engine.model.Latent;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.Temperature;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.device.DeviceCache;
import dev.waterspout.kernels.device.DeviceRouting;
import dev.waterspout.kernels.device.KernelCandidates;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.device.RowPlaces;
import dev.waterspout.kernels.device.TopLogits;
import dev.waterspout.kernels.device.kernels.LinearTensorKernels;
import dev.waterspout.kernels.device.kernels.RoundingKernels;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.Panels;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Computes the memory that a shard needs on a device, before anything is allocated: the arrays of {@link DeviceArrays}
 * and of {@link PhaseGraphs}.
 */
final class DeviceMemory {
    /** Bytes of 0.01 MB. */
    private static final long HUNDREDTH = 10_000;

    private final Model model;
    private final ModelConfig config;
    private final Shard shard;
    private final RankOptions options;
    private final List<ShardWeights.Layer> layers;

    /** Weights of the attention half of a layer. */
    private static final Set<TensorRole> ATTENTION = EnumSet.range(TensorRole.ATTN_NORM, TensorRole.ATTN_POST_NORM);

    private static final Set<TensorRole> JOINT_BIASES = Stream.concat(
                    JointWeights.HEADS.stream(), JointWeights.FFN.stream())
            .map(JointWeights.Kind::bias)
            .filter(Objects::nonNull)
            .collect(Collectors.toUnmodifiableSet());

    private DeviceMemory(Model model, Shard shard, RankOptions options) {
        this.model = model;
        this.config = model.config();
        this.shard = shard;
        this.options = options;
        this.layers = ShardWeights.shapes(model, shard).layers();
    }

    /**
     * Checks a shard.
     *
     * @throws DeviceException if the device has less memory than the shard needs; the message gives both sizes
     */
    static void require(String name, TornadoDevice device, Model model, Shard shard, int ranks, RankOptions options) {
        KernelDevice kernels = KernelDevice.of(device).with(options.activations());
        long needed = bytes(model, shard, ranks, options, kernels.hasTensorCores())
                + partials(kernels, model, shard, options)
                + rounded(kernels, model, shard, options);
        long available = device.getMaxGlobalMemory();
        if (needed > available) {
            // The need is rounded up and the memory down, so that two numbers that differ by a byte do not read alike.
            throw new DeviceException(String.format(
                    Locale.ROOT,
                    "rank %d needs %.2f MB on device %s, which has %.2f MB",
                    shard.rank(),
                    Math.ceilDiv(needed, HUNDREDTH) / 100.0,
                    name,
                    Math.floorDiv(available, HUNDREDTH) / 100.0));
        }
    }

    /**
     * Computes the bytes that attention over parts of the positions keeps between its tasks, with the default kernels
     * of a device.
     *
     * @param device the device
     * @param model model of the file
     * @param shard shard of the rank
     * @param options options of the run
     */
    static long partials(KernelDevice device, Model model, Shard shard, RankOptions options) {
        int heads = shard.heads().size();
        int headDim = model.config().headDim();
        int capacity = (int) Math.min(Integer.MAX_VALUE, options.limits().positions());
        long graphs = new DeviceMemory(model, shard, options).combinations(ATTENTION);
        return PhaseRows.of(options).stream()
                .mapToLong(rows -> floats(
                        graphs * rows.most(),
                        device.attentionElements(
                                KernelShape.attention(options.cacheType(), heads, headDim, rows.choice()),
                                shard.kvHeads().size(),
                                capacity)))
                .sum();
    }

    /**
     * Computes the bytes of rounded inputs at most, with the default kernels of a device: each graph has an array for
     * each width of its inputs.
     *
     * @param device the device
     * @param model model of the file
     * @param shard shard of the rank
     * @param options options of the run
     */
    static long rounded(KernelDevice device, Model model, Shard shard, RankOptions options) {
        DeviceMemory memory = new DeviceMemory(model, shard, options);
        ModelConfig config = model.config();
        Latent latent = config.latent();
        long width = config.width();
        long attended = latent == null
                ? (long) shard.heads().size() * config.headDim()
                : LatentArrays.elementsOfRow(latent, shard);
        long activated = shard.ffn().size() + ExpertArrays.elementsOfRow(config, shard, memory.layers);
        long elements = width
                + memory.combinations(ATTENTION) * (width + attended)
                + memory.combinations(EnumSet.complementOf(EnumSet.copyOf(ATTENTION))) * (width + activated);
        return PhaseRows.of(options).stream()
                .filter(rows -> device.roundsByTasks(rows.choice()))
                .mapToLong(rows -> floats(rows.most(), elements + elements / RoundingKernels.BLOCK))
                .sum();
    }

    /**
     * Computes the bytes of all other arrays, without their headers.
     *
     * @param model model of the file
     * @param shard shard of the rank
     * @param ranks number of ranks
     * @param options options of the run; partials are assumed to go through the host
     * @param tensorCores whether tensor cores compute the products of large chunks
     */
    static long bytes(Model model, Shard shard, int ranks, RankOptions options, boolean tensorCores) {
        DeviceMemory memory = new DeviceMemory(model, shard, options);
        long phases = PhaseRows.of(options).stream()
                .mapToLong(rows -> memory.phase(rows, ranks) + (tensorCores ? memory.tensorSums(rows) : 0))
                .sum();
        return memory.weights() + memory.vectors() + memory.cache() + memory.activations() + phases;
    }

    /**
     * Returns the bytes of the matrices of all layers, the whole embedding table, and the output head if it is
     * not a part of the table.
     */
    private long weights() {
        WeightMatrix embedding = model.embedding();
        long table = embedding.rows() * embedding.format().rowBytes(embedding.columns());
        WeightMatrix output = model.output();
        long tied = DeviceArrays.sharesTable(model, shard)
                ? shard.vocabulary().size() * output.format().rowBytes(output.columns())
                : 0;
        return ShardWeights.bytes(model, shard) + table - tied + padding();
    }

    /** Returns what matrices take more on the device than in a file. */
    private long padding() {
        ShardWeights weights = ShardWeights.shapes(model, shard);
        long ofLayers = weights.layers().stream()
                .flatMap(layer -> layer.matrices().values().stream())
                .mapToLong(DeviceMemory::padding)
                .sum();
        long ofStacks = weights.layers().stream()
                .flatMap(layer -> layer.stacks().values().stream())
                .flatMap(List::stream)
                .mapToLong(matrix -> padding(matrix, matrix.rows() % Panels.ROWS == 0))
                .sum();
        return ofLayers
                + ofStacks
                + padding(model.embedding())
                + (DeviceArrays.sharesTable(model, shard) ? 0 : padding(weights.output()));
    }

    private static long padding(WeightMatrix matrix) {
        return padding(matrix, true);
    }

    private static long padding(WeightMatrix matrix, boolean panels) {
        return StackedWeights.bytes(matrix, panels)
                - matrix.rows() * matrix.format().rowBytes(matrix.columns());
    }

    /** Returns the bytes of norms and biases. A kind that any layer has is allocated for all layers. */
    private long vectors() {
        long bytes = model.outputNorm().byteSize()
                + model.outputNormBias().map(MemorySegment::byteSize).orElse(0L);
        for (TensorRole role : TensorRole.values()) {
            if (JOINT_BIASES.contains(role)) {
                continue;
            }
            bytes += layers.size()
                    * layers.stream()
                            .map(layer -> layer.vector(role))
                            .filter(Objects::nonNull)
                            .mapToLong(MemorySegment::byteSize)
                            .max()
                            .orElse(0);
        }
        return bytes
                + headNorms()
                + floats(JointWeights.biases(JointWeights.HEADS, layers), 1)
                + floats(JointWeights.biases(JointWeights.FFN, layers), 1);
    }

    /** Returns the bytes of the copies of the norms of queries and keys, one per head. */
    private long headNorms() {
        boolean some = layers.stream().anyMatch(layer -> layer.vector(TensorRole.ATTN_Q_NORM) != null);
        if (!some || config.architecture().hasWideNorms()) {
            return 0;
        }
        int copies = shard.heads().size() + shard.kvHeads().size() - 2;
        return floats((long) config.layers() * copies, config.headDim());
    }

    private long cache() {
        long rows = (long) config.layers()
                * shard.kvHeads().size()
                * options.limits().positions();
        long elements = rows * DeviceCache.rowElements(options.cacheType(), config.headDim())
                + DeviceArrays.ownElements(config, shard, options);
        return floats(elements, config.latent() == null ? 2 : 1);
    }

    /** Returns the bytes of a chunk's activations, of the logits, and of the kernels' tables. */
    private long activations() {
        long heads = shard.heads().size();
        Latent latent = config.latent();
        long ofRow = 4L * config.width() // hidden, normed, partial, sum
                + 2 * heads * config.headDim() // queries, attended
                + (latent == null
                        ? JointWeights.elementsOfRow(JointWeights.HEADS, layers, 1, null)
                        : LatentArrays.elementsOfRow(latent, shard))
                + (config.hasDenseLayers()
                        ? FfnArrays.elementsOfRow(config.architecture().gate(), shard, layers)
                        : 0)
                + ExpertArrays.elementsOfRow(config, shard, layers);
        return floats(options.chunk(), ofRow)
                + floats(options.logitRows(), shard.vocabulary().size())
                + DeviceTables.create().getNumBytesOfSegment();
    }

    /**
     * Returns the bytes of one phase's arrays: tokens, angles and scalars, the selection of candidates, this rank's
     * packet, the packets of other ranks, and the rows of other parts of a divided pass.
     */
    private long phase(PhaseRows rows, int ranks) {
        int chunk = rows.most();
        PhaseComm comm = PhaseComm.of(options.schedule(), rows.least(), chunk);
        long packet = comm.format().encodedBytes(chunk, config.width());
        long own = comm.format() == PlainFormat.F32 ? 0 : packet; // an f32 packet is the partial itself
        boolean divided = StoredRows.needed(options, ranks, chunk);
        long exchanged = ranks == 1 ? 0 : own + (ranks - 1) * packet * sums(divided);
        long scalars = 2L * Step.SIZE
                + options.logitRows()
                + TopLogits.elements(options.logitRows(), shard.vocabulary().size())
                + RowPlaces.elements(chunk, PhaseRows.tableEntries(options.limits(), chunk));
        Experts mixture = config.experts();
        scalars += mixture == null ? 0 : DeviceRouting.elements(chunk, mixture.used());
        scalars += config.temperature().equals(Temperature.NONE) ? 0 : chunk;
        long stored = divided ? StoredRows.bytes(config, chunk, comm.format()) : 0;
        return floats(chunk, 2L * PhaseGraphs.turned(config)) + floats(scalars, 1) + exchanged + stored;
    }

    /** Returns the bytes through which products on tensor cores pass their sums: one array per graph with products. */
    private long tensorSums(PhaseRows rows) {
        long graphs = KernelCandidates.suitsTensorCores(options.logitRows()) ? 1 : 0;
        if (KernelCandidates.suitsTensorCores(rows.choice())) {
            graphs += halfLayers();
        }
        return floats(graphs, LinearTensorKernels.sumElements());
    }

    /**
     * Returns the number of graphs of a phase that sum partials, each of which has memory for the packets of other
     * ranks. If one array cannot hold all layers, there are more.
     *
     * @param divided whether passes may be divided
     */
    private long sums(boolean divided) {
        boolean alike = layers.stream()
                .allMatch(layer -> layer.vector(TensorRole.ATTN_POST_NORM) == null
                        && layer.vector(TensorRole.FFN_POST_NORM) == null);
        long ofParts = divided ? (alike ? 1 : 2) : 0;
        return 1 + ofParts + halfLayers();
    }

    /** Returns the number of graphs of half layers. */
    private long halfLayers() {
        return combinations(ATTENTION) + combinations(EnumSet.complementOf(EnumSet.copyOf(ATTENTION)));
    }

    /** Returns the number of combinations of tensor types that layers have for some roles. */
    private long combinations(Set<TensorRole> roles) {
        return layers.stream()
                .map(layer -> roles.stream()
                        .map(role -> layer.has(role)
                                ? layer.matrix(role).format().name()
                                : layer.stacks().getOrDefault(role, List.of()).stream()
                                        .findFirst()
                                        .map(matrix -> matrix.format().name())
                                        .orElse(""))
                        .toList())
                .distinct()
                .count();
    }

    private static long floats(long rows, long columns) {
        return Math.multiplyExact(Math.multiplyExact(rows, columns), Float.BYTES);
    }
}
