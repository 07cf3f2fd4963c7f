package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.Latent;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.device.DeviceColumns;
import dev.waterspout.kernels.device.DeviceNorm;
import dev.waterspout.kernels.device.ElementTasks;
import dev.waterspout.kernels.device.HeadColumns;
import dev.waterspout.kernels.device.HeadTasks;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.RowCount;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Multi-head latent attention on a device (DeepSeek-V2, arXiv 2405.04434, section 2.1.2), in its absorbed form: the
 * matrices that would expand latent vectors to keys and values are applied to the queries and to attention's output
 * instead. What remains is attention with one KV head whose keys are also its values. The weighted sum therefore
 * includes the rotary part, which is dropped.
 */
final class LatentArrays implements HeadInputs {
    private final DeviceArrays arrays;
    private final Latent latent;
    private final int heads;
    /** The query projection, or the down-projection to the query rank. */
    private final StackedWeights q;
    /** The up-projection from the query rank; null if the queries have a single projection. */
    private final @Nullable StackedWeights qUp;

    private final @Nullable DeviceNorm qNorm;
    private final StackedWeights kv;
    private final DeviceNorm kvNorm;
    private final StackedWeights keysOfHeads;
    private final StackedWeights valuesOfHeads;
    private final IntArray numbers;

    /** Output of the queries' down-projection, [rows][query rank]. */
    private final FloatArray reduced;
    /** Queries before the rotary embedding, [rows][heads][plain | rotary]. */
    private final FloatArray made;
    /** Part of the queries without rotary embedding, [rows][heads][plain]. */
    private final FloatArray plain;
    /** Output of the latent projection, [rows][latent | rotary]. */
    private final FloatArray madeKeys;
    /** Normalized latent vectors, [rows][latent]. */
    private final FloatArray vector;
    /** Queries in the cache's space before the rotary embedding, [rows][heads][rotary | latent]. */
    private final FloatArray queries;
    /** Keys before the rotary embedding, [rows][rotary | latent]. */
    private final FloatArray keys;
    /** Queries in the latent space, later attention's output in the latent space, [rows][heads][latent]. */
    private final FloatArray inSpace;
    /** Attention's output after expansion, [rows][heads][value]. */
    private final FloatArray expanded;

    LatentArrays(ModelConfig config, Latent latent, Shard shard, List<ShardWeights.Layer> layers, DeviceArrays arrays) {
        this.arrays = arrays;
        this.latent = latent;
        this.heads = shard.heads().size();
        boolean twoSteps = latent.queryRank() > 0;
        this.q = arrays.stack("Q", layers, twoSteps ? TensorRole.ATTN_Q_A : TensorRole.ATTN_Q);
        this.qUp = twoSteps ? arrays.stack("Q of heads", layers, TensorRole.ATTN_Q_B) : null;
        this.qNorm = twoSteps ? arrays.norm(config, layers, TensorRole.ATTN_Q_A_NORM, 1, latent.queryRank()) : null;
        this.kv = arrays.stack("latent", layers, TensorRole.ATTN_KV_A);
        this.kvNorm = Objects.requireNonNull(arrays.norm(config, layers, TensorRole.ATTN_KV_A_NORM, 1, latent.rank()));
        this.keysOfHeads = arrays.each("K of heads", layers, TensorRole.ATTN_K_B);
        this.valuesOfHeads = arrays.each("V of heads", layers, TensorRole.ATTN_V_B);
        this.numbers = HeadTasks.numbers(arrays.rows(), heads);
        this.reduced = arrays.ofRows(Math.max(1, latent.queryRank()));
        this.made = arrays.ofRows(heads * latent.queryDim());
        this.plain = arrays.ofRows(heads * latent.plain());
        this.madeKeys = arrays.ofRows(latent.cachedDim());
        this.vector = arrays.ofRows(latent.rank());
        this.queries = arrays.ofRows(heads * latent.cachedDim());
        this.keys = arrays.ofRows(latent.cachedDim());
        this.inSpace = arrays.ofRows(heads * latent.rank());
        this.expanded = arrays.ofRows(heads * latent.values());
    }

    /** Returns the number of elements of working memory per token, head numbers included. */
    static long elementsOfRow(Latent latent, Shard shard) {
        long ofHead = 1L + latent.cachedDim() + latent.queryDim() + latent.plain() + latent.rank() + latent.values();
        return Math.max(1, latent.queryRank())
                + 2L * latent.cachedDim()
                + latent.rank()
                + shard.heads().size() * ofHead;
    }

    @Override
    public HeadColumns addTo(KernelGraph graph, int layer, FloatArray h) {
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, numbers);
        graph.linear("kv", kv.of(layer), null, h, madeKeys);
        if (qUp == null || qNorm == null) {
            graph.linear("q", q.of(layer), null, h, made);
        } else {
            graph.linear("qDown", q.of(layer), null, h, reduced);
            graph.normalize("qNorm", qNorm, reduced, reduced, RowCount.CHUNK);
            graph.linear("qUp", qUp.of(layer), null, reduced, made);
        }
        addKeys(graph);
        addQueries(graph, layer);
        return new HeadColumns(
                columns(queries, heads * latent.cachedDim(), 0), columns(keys, latent.cachedDim(), 0), null);
    }

    /** Normalizes the latent vector and puts the rotary part before it, which gives the key. */
    private void addKeys(KernelGraph graph) {
        int all = latent.cachedDim();
        int rank = latent.rank();
        copy(graph, "latent", columns(madeKeys, all, 0), columns(vector, rank, 0), 1, rank);
        copy(graph, "kRotary", columns(madeKeys, all, rank), columns(keys, all, 0), 1, latent.rotary());
        graph.normalize("kvNorm", kvNorm, vector, vector, RowCount.CHUNK);
        copy(graph, "k", columns(vector, rank, 0), columns(keys, all, latent.rotary()), 1, rank);
    }

    private void addQueries(KernelGraph graph, int layer) {
        int all = latent.cachedDim();
        DeviceColumns plainPart = columns(made, latent.queryDim(), 0);
        DeviceColumns turned = columns(made, latent.queryDim(), latent.plain());
        copy(graph, "qPlain", plainPart, columns(plain, latent.plain(), 0), heads, latent.plain());
        copy(graph, "qRotary", turned, columns(queries, all, 0), heads, latent.rotary());
        new HeadTasks(graph, heads, numbers).linear("qLatent", keysOfHeads.of(layer), plain, inSpace);
        DeviceColumns target = columns(queries, all, latent.rotary());
        copy(graph, "qSpace", columns(inSpace, latent.rank(), 0), target, heads, latent.rank());
    }

    @Override
    public FloatArray addExpansion(KernelGraph graph, int layer) {
        DeviceColumns attended = columns(arrays.attended, latent.cachedDim(), latent.rotary());
        copy(graph, "weighed", attended, columns(inSpace, latent.rank(), 0), heads, latent.rank());
        new HeadTasks(graph, heads, numbers).linear("values", valuesOfHeads.of(layer), inSpace, expanded);
        return expanded;
    }

    private static void copy(
            KernelGraph graph, String task, DeviceColumns source, DeviceColumns target, int vectors, int width) {
        new ElementTasks(graph).copyColumns(task, source, target, vectors, width);
    }

    private static DeviceColumns columns(FloatArray array, int width, int from) {
        return new DeviceColumns(array, width, from);
    }

    @Override
    public Stream<StackedWeights> stacks() {
        Stream<StackedWeights> common = Stream.of(q, kv, keysOfHeads, valuesOfHeads);
        return qUp == null ? common : Stream.concat(common, Stream.of(qUp));
    }
}
