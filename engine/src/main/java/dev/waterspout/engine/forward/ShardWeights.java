package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Cut;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.host.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One rank's weights: views into the file's mapping, cut as the plan says. Shapes are those of the shard; {@code q} is the
 * rank's query heads times the head dimension, {@code kv} its KV heads times that, {@code f} its FFN columns.
 *
 * @param embedding {@code [vocabulary][width]}, whole
 * @param layers one per transformer block
 * @param outputNorm {@code [width]}
 * @param output {@code [shard of the vocabulary][width]}
 */
public record ShardWeights(WeightMatrix embedding, List<Layer> layers, MemorySegment outputNorm, WeightMatrix output) {
    /**
     * One transformer block.
     *
     * @param attentionNorm {@code [width]}
     * @param q {@code [q][width]}
     * @param k {@code [kv][width]}
     * @param v {@code [kv][width]}
     * @param qBias {@code [q]}, or null
     * @param kBias {@code [kv]}, or null
     * @param vBias {@code [kv]}, or null
     * @param qNorm {@code [headDim]}, or null
     * @param kNorm {@code [headDim]}, or null
     * @param attentionOutput {@code [width][q]}: row-parallel
     * @param ffnNorm {@code [width]}
     * @param gate {@code [f][width]}
     * @param up {@code [f][width]}
     * @param down {@code [width][f]}: row-parallel
     */
    public record Layer(
            MemorySegment attentionNorm,
            WeightMatrix q,
            WeightMatrix k,
            WeightMatrix v,
            @Nullable MemorySegment qBias,
            @Nullable MemorySegment kBias,
            @Nullable MemorySegment vBias,
            @Nullable MemorySegment qNorm,
            @Nullable MemorySegment kNorm,
            WeightMatrix attentionOutput,
            MemorySegment ffnNorm,
            WeightMatrix gate,
            WeightMatrix up,
            WeightMatrix down) {}

    /**
     * Cuts a rank's shard out of a model.
     *
     * @param model all weights
     * @param shard which of them
     */
    public static ShardWeights of(Model model, Shard shard) {
        return new ShardWeights(
                model.embedding(),
                IntStream.range(0, model.config().layers())
                        .mapToObj(layer -> layer(model, shard, layer))
                        .toList(),
                model.outputNorm(),
                model.output()
                        .rowSlice(shard.vocabulary().from(), shard.vocabulary().to()));
    }

    /** Returns every piece of the mapping that this rank reads while it runs; the embedding's rows are read one by one. */
    List<WeightMatrix> matrices() {
        List<WeightMatrix> matrices = new ArrayList<>();
        for (Layer layer : layers) {
            matrices.addAll(
                    List.of(layer.q, layer.k, layer.v, layer.attentionOutput, layer.gate, layer.up, layer.down));
        }
        matrices.add(output);
        return matrices;
    }

    /** Returns the bytes of {@link #matrices}. */
    public long bytes() {
        return matrices().stream().mapToLong(ShardWeights::bytes).sum();
    }

    /** Returns the number of weights in {@link #matrices}: of multiply-adds per token. */
    long elements() {
        return matrices().stream()
                .mapToLong(matrix -> (long) matrix.rows() * matrix.columns())
                .sum();
    }

    static long bytes(WeightMatrix matrix) {
        return matrix.rows() * matrix.format().rowBytes(matrix.columns());
    }

    private static Layer layer(Model model, Shard shard, int layer) {
        Cutter cutter = new Cutter(model, shard, layer);
        return new Layer(
                cutter.require(TensorRole.ATTN_NORM),
                cutter.matrix(TensorRole.ATTN_Q),
                cutter.matrix(TensorRole.ATTN_K),
                cutter.matrix(TensorRole.ATTN_V),
                cutter.vector(TensorRole.ATTN_Q_BIAS),
                cutter.vector(TensorRole.ATTN_K_BIAS),
                cutter.vector(TensorRole.ATTN_V_BIAS),
                cutter.vector(TensorRole.ATTN_Q_NORM),
                cutter.vector(TensorRole.ATTN_K_NORM),
                cutter.matrix(TensorRole.ATTN_OUTPUT),
                cutter.require(TensorRole.FFN_NORM),
                cutter.matrix(TensorRole.FFN_GATE),
                cutter.matrix(TensorRole.FFN_UP),
                cutter.matrix(TensorRole.FFN_DOWN));
    }

    /** Takes a rank's part of the tensors of one layer, as their roles say that they are cut. */
    private record Cutter(Model model, Shard shard, int layer) {
        private WeightMatrix matrix(TensorRole role) {
            WeightMatrix whole = model.matrix(role, layer);
            Span span = span(role);
            return switch (role.cut()) {
                case WHOLE -> whole;
                case HEAD_ROWS, KV_ROWS, FFN_ROWS -> whole.rowSlice(span.from(), span.to());
                case HEAD_COLUMNS, FFN_COLUMNS -> whole.columnSlice(span.from(), span.to());
            };
        }

        private @Nullable MemorySegment vector(TensorRole role) {
            MemorySegment whole = model.vector(role, layer).orElse(null);
            if (whole == null || role.cut() == Cut.WHOLE) {
                return whole;
            }
            Span span = span(role);
            return whole.asSlice((long) span.from() * Float.BYTES, (long) span.size() * Float.BYTES);
        }

        private MemorySegment require(TensorRole role) {
            return Objects.requireNonNull(vector(role));
        }

        /** The rows or columns of this rank. */
        private Span span(TensorRole role) {
            int headDim = model.config().headDim();
            return switch (role.cut()) {
                case WHOLE -> new Span(0, 0);
                case HEAD_ROWS, HEAD_COLUMNS -> shard.heads().times(headDim);
                case KV_ROWS -> shard.kvHeads().times(headDim);
                case FFN_ROWS, FFN_COLUMNS -> shard.ffn();
            };
        }
    }
}
