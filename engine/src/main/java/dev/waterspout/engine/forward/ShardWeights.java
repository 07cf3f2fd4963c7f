package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Cut;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.host.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One rank's weights: views of the file mapping, divided by the plan. If the division splits blocks of weights, the
 * rank's columns are decoded to f32. Shapes are those of the shard; {@code q} is the rank's query heads times the head
 * dimension, {@code kv} its KV heads times that, {@code f} its FFN columns.
 *
 * @param embedding {@code [vocabulary][width]}, whole
 * @param layers one per transformer block
 * @param outputNorm {@code [width]}
 * @param outputNormBias {@code [width]}, or null
 * @param output {@code [shard of the vocabulary][width]}
 */
public record ShardWeights(
        WeightMatrix embedding,
        List<Layer> layers,
        MemorySegment outputNorm,
        @Nullable MemorySegment outputNormBias,
        WeightMatrix output) {
    /**
     * One transformer block: its tensors, each divided according to its role. Fused tensors appear as their parts.
     *
     * @param matrices by role
     * @param stacks by role, one matrix per expert or query head of the shard
     * @param vectors by role, f32
     */
    public record Layer(
            Map<TensorRole, WeightMatrix> matrices,
            Map<TensorRole, List<WeightMatrix>> stacks,
            Map<TensorRole, MemorySegment> vectors) {
        /** Keeps the roles in their order. */
        public Layer {
            matrices = Collections.unmodifiableMap(matrices);
            stacks = Collections.unmodifiableMap(stacks);
            vectors = Collections.unmodifiableMap(vectors);
        }

        /**
         * Returns a matrix that the layer has.
         *
         * @param role role of the tensor
         */
        public WeightMatrix matrix(TensorRole role) {
            return Objects.requireNonNull(matrices.get(role), role::name);
        }

        /**
         * Returns the matrices of experts or heads.
         *
         * @param role role of the tensor
         */
        public List<WeightMatrix> stack(TensorRole role) {
            return Objects.requireNonNull(stacks.get(role), role::name);
        }

        /**
         * Returns whether the layer has a matrix.
         *
         * @param role role of the tensor
         */
        public boolean has(TensorRole role) {
            return matrices.containsKey(role);
        }

        /**
         * Returns a vector, or null if the layer has none, or another rank adds it.
         *
         * @param role role of the tensor
         */
        public @Nullable MemorySegment vector(TensorRole role) {
            return vectors.get(role);
        }
    }

    /**
     * Returns the weights of a rank.
     *
     * @param model all weights
     * @param shard the rank's part of them
     */
    public static ShardWeights of(Model model, Shard shard) {
        return of(model, shard, DerivedMatrix::weights);
    }

    /**
     * Returns the bytes of a rank's weights without reading any.
     *
     * @param model all weights
     * @param shard the rank's part of them
     */
    public static long bytes(Model model, Shard shard) {
        return shapes(model, shard).bytes();
    }

    /**
     * Returns a rank's weights for computing sizes: matrices that would be decoded have shapes but no weights.
     *
     * @param model all weights
     * @param shard the rank's part of them
     */
    public static ShardWeights shapes(Model model, Shard shard) {
        return of(model, shard, DerivedMatrix::shape);
    }

    /**
     * Returns the matrices of which a plan splits blocks of weights, in any layer and on any rank.
     *
     * @param model all weights
     * @param plan all shards
     */
    public static Set<TensorRole> decoded(Model model, ShardPlan plan) {
        Set<TensorRole> roles = EnumSet.noneOf(TensorRole.class);
        for (Shard shard : plan.shards()) {
            for (int layer = 0; layer < model.config().layers(); layer++) {
                Cutter cutter = new Cutter(model, shard, layer, DerivedMatrix::shape);
                for (TensorRole role : TensorRole.values()) {
                    if (model.has(role, layer)
                            && role.cut().isByColumns()
                            && cutter.columns(model.matrix(role, layer), role).splitsBlocks()) {
                        roles.add(role);
                    }
                }
            }
        }
        return roles;
    }

    private static ShardWeights of(Model model, Shard shard, Function<DerivedMatrix, WeightMatrix> derive) {
        return new ShardWeights(
                model.embedding(),
                IntStream.range(0, model.config().layers())
                        .mapToObj(layer -> layer(model, new Cutter(model, shard, layer, derive)))
                        .toList(),
                model.outputNorm(),
                model.outputNormBias().orElse(null),
                model.output()
                        .rowSlice(shard.vocabulary().from(), shard.vocabulary().to()));
    }

    /**
     * Returns all parts of the file mapping that this rank reads, except the embedding table, whose rows are read one
     * by one.
     */
    List<WeightMatrix> matrices() {
        List<WeightMatrix> matrices = new ArrayList<>();
        for (Layer layer : layers) {
            matrices.addAll(layer.matrices().values());
            layer.stacks().values().forEach(matrices::addAll);
        }
        matrices.add(output);
        return matrices;
    }

    /** Returns the bytes of {@link #matrices}. */
    public long bytes() {
        return matrices().stream().mapToLong(ShardWeights::bytes).sum();
    }

    /** Returns the part of {@link #bytes} that experts take: a token's pass reads only those that it is routed to. */
    public long expertBytes() {
        return layers.stream()
                .flatMap(layer -> layer.stacks().entrySet().stream())
                .filter(stack -> stack.getKey().isOfExperts())
                .flatMap(stack -> stack.getValue().stream())
                .mapToLong(ShardWeights::bytes)
                .sum();
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

    private static Layer layer(Model model, Cutter cutter) {
        Shard shard = cutter.shard;
        Map<TensorRole, WeightMatrix> matrices = new EnumMap<>(TensorRole.class);
        Map<TensorRole, List<WeightMatrix>> stacks = new EnumMap<>(TensorRole.class);
        Map<TensorRole, MemorySegment> vectors = new EnumMap<>(TensorRole.class);
        for (TensorRole role : TensorRole.values()) {
            boolean elsewhere = (role.cut() == Cut.FIRST_RANK && shard.rank() > 0 && !isWhole(role, shard))
                    || (role.cut() == Cut.FIRST_OF_EXPERT && !shard.leadsExperts());
            if (role.isFused() || !model.has(role, cutter.layer) || elsewhere) {
                continue;
            }
            if (role.isVector()) {
                vectors.put(role, cutter.vector(role));
            } else if (role.isStack()) {
                stacks.put(role, cutter.stack(role));
            } else {
                matrices.put(role, cutter.matrix(role));
            }
        }
        return new Layer(matrices, stacks, vectors);
    }

    /** Returns whether every rank has the sum that a vector is added to. */
    private static boolean isWhole(TensorRole role, Shard shard) {
        return role == TensorRole.ATTN_OUTPUT_BIAS && shard.wholeAttention();
    }

    /** Selects a rank's part of the tensors of one layer according to their roles. */
    private record Cutter(Model model, Shard shard, int layer, Function<DerivedMatrix, WeightMatrix> derive) {
        private WeightMatrix matrix(TensorRole role) {
            WeightMatrix whole = model.matrix(role, layer);
            if (model.config().architecture().hasWideNorms()
                    && (role == TensorRole.ATTN_Q || role == TensorRole.ATTN_K)) {
                return whole; // the next norm needs the elements of all heads
            }
            return cut(whole, role);
        }

        /** Selects from stacked matrices: those of the rank's heads, or columns of those of its experts. */
        private List<WeightMatrix> stack(TensorRole role) {
            List<WeightMatrix> all = model.matrices(role, layer);
            Span own = role.cut() == Cut.HEADS ? shard.heads() : shard.experts();
            if (model.isTransposed(role, layer)) {
                return all.subList(own.from(), own.to()).stream()
                        .map(each -> derive.apply(new TransposedMatrix(each)))
                        .toList();
            }
            return all.subList(own.from(), own.to()).stream()
                    .map(each -> role.cut() == Cut.HEADS ? each : cut(each, role))
                    .toList();
        }

        private WeightMatrix cut(WeightMatrix whole, TensorRole role) {
            Span span = span(role);
            return switch (role.cut()) {
                case WHOLE, FIRST_RANK, FIRST_OF_EXPERT -> whole;
                case HEADS, HEAD_ROWS, KV_ROWS, FFN_ROWS, EXPERT_ROWS, SHARED_ROWS ->
                    whole.rowSlice(span.from(), span.to());
                case HEAD_COLUMNS, FFN_COLUMNS, EXPERT_COLUMNS, SHARED_COLUMNS -> derive.apply(columns(whole, role));
            };
        }

        private ColumnCut columns(WeightMatrix whole, TensorRole role) {
            return new ColumnCut(whole, span(role));
        }

        private MemorySegment vector(TensorRole role) {
            MemorySegment whole = model.vector(role, layer).orElseThrow();
            if (role.cut() == Cut.WHOLE || role.cut() == Cut.FIRST_RANK) {
                return whole;
            }
            Span span = span(role);
            return whole.asSlice((long) span.from() * Float.BYTES, (long) span.size() * Float.BYTES);
        }

        /** Returns the rows, columns or elements of this rank. */
        private Span span(TensorRole role) {
            ModelConfig config = model.config();
            return switch (role.cut()) {
                case WHOLE, FIRST_RANK, FIRST_OF_EXPERT -> new Span(0, 0);
                case HEADS -> shard.heads();
                case HEAD_ROWS -> shard.heads().times(config.queryDim());
                case HEAD_COLUMNS -> shard.heads().times(config.attendedDim());
                case KV_ROWS -> shard.kvHeads().times(config.headDim());
                case FFN_ROWS, FFN_COLUMNS -> shard.ffn();
                case EXPERT_ROWS, EXPERT_COLUMNS -> shard.expert();
                case SHARED_ROWS, SHARED_COLUMNS -> shard.sharedExpert();
            };
        }
    }
}
