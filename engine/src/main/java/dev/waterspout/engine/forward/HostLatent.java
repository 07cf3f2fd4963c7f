package dev.waterspout.engine.forward;

import dev.waterspout.engine.forward.HostCompute.Product;
import dev.waterspout.engine.model.Latent;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.NormKind;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/**
 * The projections before and after multi-head latent attention on the host (DeepSeek-V2, arXiv 2405.04434, section
 * 2.1.2). The matrices that expand latent vectors are absorbed into the query projection and into the projection of
 * the attention output. Between them is attention with one KV head, whose values are its keys; the rotary part of the
 * weighted sum is discarded.
 */
final class HostLatent {
    private final Latent latent;
    private final int heads;
    private final float epsilon;
    private final HostCompute compute;
    private final Buffers buffers;
    /** Output of the first of the two query matrices, {@code [rows][query rank]}. */
    private final MemorySegment reduced;
    /**
     * Queries before the latent projection, {@code [rows][heads][plain | rotary]}; later the heads' values,
     * {@code [rows][heads][values]}.
     */
    private final MemorySegment wide;
    /** Keys in the order of the file's matrix, {@code [rows][latent | rotary]}. */
    private final MemorySegment made;
    /** Input of the per-head matrices, {@code [heads][rows][plain or latent]}. */
    private final MemorySegment input;
    /** Output of the per-head matrices, {@code [heads][rows][latent or values]}. */
    private final MemorySegment output;

    HostLatent(
            ModelConfig config,
            Latent latent,
            Shard shard,
            RankOptions options,
            HostCompute compute,
            Buffers buffers,
            Arena arena) {
        this.latent = latent;
        this.heads = shard.heads().size();
        this.epsilon = config.epsilon();
        this.compute = compute;
        this.buffers = buffers;
        long rows = options.chunk();
        long headRows = rows * heads;
        reduced = Buffers.floats(arena, rows, latent.queryRank());
        wide = Buffers.floats(arena, headRows, widest(latent));
        made = Buffers.floats(arena, rows, latent.cachedDim());
        input = Buffers.floats(arena, headRows, Math.max(latent.plain(), latent.rank()));
        output = Buffers.floats(arena, headRows, Math.max(latent.rank(), latent.values()));
    }

    private static int widest(Latent latent) {
        return Math.max(latent.queryDim(), latent.values());
    }

    /** Returns the elements per token of these buffers; 0 for a model that caches keys and values. */
    static long elements(ModelConfig config, Shard shard) {
        Latent latent = config.latent();
        if (latent == null) {
            return 0;
        }
        long perHead = widest(latent)
                + Math.max(latent.plain(), latent.rank())
                + (long) Math.max(latent.rank(), latent.values());
        return latent.queryRank() + latent.cachedDim() + shard.heads().size() * perHead;
    }

    /**
     * Computes queries [rows][heads][rotary | latent] and keys [rows][rotary | latent] from h [rows][width], before
     * the rotary embedding.
     */
    void project(ShardWeights.Layer layer, MemorySegment h, int rows) {
        Product keys = new Product(layer.matrix(TensorRole.ATTN_KV_A), null, made);
        if (latent.queryRank() == 0) {
            compute.linear(List.of(keys, new Product(layer.matrix(TensorRole.ATTN_Q), null, wide)), h, rows);
        } else {
            compute.linear(List.of(keys, new Product(layer.matrix(TensorRole.ATTN_Q_A), null, reduced)), h, rows);
            compute.normalize(norm(layer, TensorRole.ATTN_Q_A_NORM), reduced, reduced, latent.queryRank(), rows);
            compute.linear(layer.matrix(TensorRole.ATTN_Q_B), reduced, rows, wide);
        }
        cached(layer, rows);
        queries(layer, rows);
    }

    /** Normalizes the latent vector and moves the rotary part before it. */
    private void cached(ShardWeights.Layer layer, int rows) {
        for (int row = 0; row < rows; row++) {
            long from = (long) row * latent.cachedDim();
            copy(made, from, input, (long) row * latent.rank(), latent.rank());
            copy(made, from + latent.rank(), buffers.keys, from, latent.rotary());
        }
        compute.normalize(norm(layer, TensorRole.ATTN_KV_A_NORM), input, input, latent.rank(), rows);
        for (int row = 0; row < rows; row++) {
            long to = (long) row * latent.cachedDim() + latent.rotary();
            copy(input, (long) row * latent.rank(), buffers.keys, to, latent.rank());
        }
    }

    private void queries(ShardWeights.Layer layer, int rows) {
        for (int head = 0; head < heads; head++) {
            for (int row = 0; row < rows; row++) {
                long from = ((long) row * heads + head) * latent.queryDim();
                long to = ((long) row * heads + head) * latent.cachedDim();
                copy(wide, from, input, ((long) head * rows + row) * latent.plain(), latent.plain());
                copy(wide, from + latent.plain(), buffers.queries, to, latent.rotary());
            }
        }
        compute.linearEach(layer.stack(TensorRole.ATTN_K_B), input, rows, output);
        for (int head = 0; head < heads; head++) {
            for (int row = 0; row < rows; row++) {
                long to = ((long) row * heads + head) * latent.cachedDim() + latent.rotary();
                copy(output, ((long) head * rows + row) * latent.rank(), buffers.queries, to, latent.rank());
            }
        }
    }

    /**
     * Returns the values [rows][heads][values] of the weighted sums of latent vectors, which attention has written
     * over the queries.
     */
    MemorySegment expand(ShardWeights.Layer layer, int rows) {
        for (int head = 0; head < heads; head++) {
            for (int row = 0; row < rows; row++) {
                long from = ((long) row * heads + head) * latent.cachedDim() + latent.rotary();
                copy(buffers.queries, from, input, ((long) head * rows + row) * latent.rank(), latent.rank());
            }
        }
        compute.linearEach(layer.stack(TensorRole.ATTN_V_B), input, rows, output);
        for (int head = 0; head < heads; head++) {
            for (int row = 0; row < rows; row++) {
                long to = ((long) row * heads + head) * latent.values();
                copy(output, ((long) head * rows + row) * latent.values(), wide, to, latent.values());
            }
        }
        return wide;
    }

    private Norm norm(ShardWeights.Layer layer, TensorRole role) {
        return new Norm(NormKind.RMS, Objects.requireNonNull(layer.vector(role), role::name), null, epsilon);
    }

    private static void copy(MemorySegment from, long first, MemorySegment to, long target, int elements) {
        MemorySegment.copy(from, first * Float.BYTES, to, target * Float.BYTES, (long) elements * Float.BYTES);
    }
}
