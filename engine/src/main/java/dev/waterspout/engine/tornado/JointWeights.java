package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.device.DeviceColumns;
import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.PairTask;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Weights of several kinds that multiply one input, such as those of queries, keys and values. Where neighbouring kinds
 * of a layer have one tensor type, their matrices lie one below the other and are one product. So a layer has as many
 * products as it has runs of kinds of one type; for a single token, two of them are one task. If a layer has several
 * matrices of each kind, one per expert, a run's matrices of an expert lie together.
 */
final class JointWeights {
    /** Queries, keys and values. */
    static final List<Kind> HEADS = List.of(
            new Kind("q", TensorRole.ATTN_Q, TensorRole.ATTN_Q_BIAS),
            new Kind("k", TensorRole.ATTN_K, TensorRole.ATTN_K_BIAS),
            new Kind("v", TensorRole.ATTN_V, TensorRole.ATTN_V_BIAS));

    /** What a gated FFN makes of its input; one without a gate has {@code up} alone. */
    static final List<Kind> FFN = List.of(
            new Kind("gate", TensorRole.FFN_GATE, TensorRole.FFN_GATE_BIAS),
            new Kind("up", TensorRole.FFN_UP, TensorRole.FFN_UP_BIAS));

    /** The same of each expert. */
    static final List<Kind> EXPERTS = List.of(
            new Kind("gateExperts", TensorRole.FFN_GATE_EXPERTS, TensorRole.FFN_GATE_EXPERTS_BIAS),
            new Kind("upExperts", TensorRole.FFN_UP_EXPERTS, TensorRole.FFN_UP_EXPERTS_BIAS));

    /** The same of the expert that every token goes to. */
    static final List<Kind> SHARED_EXPERT = List.of(
            new Kind("sharedGate", TensorRole.FFN_GATE_SHARED, null),
            new Kind("sharedUp", TensorRole.FFN_UP_SHARED, null));

    private final List<Product> products = new ArrayList<>();

    /**
     * Weights of one kind.
     *
     * @param name name in tasks and messages
     * @param role a layer's matrix, or its matrices
     * @param bias their biases: a vector, or a matrix of f32 with a row per expert; null for none
     */
    record Kind(String name, TensorRole role, @Nullable TensorRole bias) {
        private List<WeightMatrix> of(ShardWeights.Layer layer) {
            if (role.isStack()) {
                return layer.stacks().getOrDefault(role, List.of());
            }
            return layer.has(role) ? List.of(layer.matrix(role)) : List.of();
        }

        /** Returns the biases of all matrices of a layer, or null. */
        private @Nullable MemorySegment biases(ShardWeights.Layer layer, Span experts) {
            if (bias == null) {
                return null;
            }
            return layer.has(bias)
                    ? StackedWeights.elements(layer.matrix(bias).rowSlice(experts.from(), experts.to()))
                    : layer.vector(bias);
        }
    }

    /**
     * Neighbouring kinds whose matrices have one tensor type in some layer.
     *
     * @param kinds at least one
     * @param rows number of rows of a matrix of each kind
     */
    record Run(List<Kind> kinds, List<Integer> rows) {
        /** Returns the rows of all kinds together. */
        int height() {
            return rows.stream().mapToInt(each -> each).sum();
        }

        /**
         * Returns whether one product computes all operands of an activation function and can apply it: gate and up
         * are the two halves of its matrix, each of which begins with a panel.
         */
        private boolean activates(@Nullable GateFunction function) {
            if (function == null) {
                return false;
            }
            return function.isGated() ? kinds.size() == 2 && rows.getFirst() % Panels.ROWS == 0 : kinds.size() == 1;
        }

        /** Returns whether each matrix begins with a panel; each expert's has to. */
        private boolean mayLieInPanels() {
            return !kinds.getFirst().role().isStack() || rows.stream().allMatch(each -> each % Panels.ROWS == 0);
        }

        /** Returns the number of outputs of a product. */
        private int outputs(@Nullable GateFunction function) {
            return activates(function) ? rows.getFirst() : height();
        }

        private String names(String between) {
            return String.join(between, kinds.stream().map(Kind::name).toList());
        }

        private int matricesOfKind(ShardWeights.Layer layer) {
            return kinds.getFirst().of(layer).size();
        }

        private List<WeightMatrix> matrices(ShardWeights.Layer layer) {
            return IntStream.range(0, matricesOfKind(layer))
                    .boxed()
                    .flatMap(i -> kinds.stream().map(kind -> kind.of(layer).get(i)))
                    .toList();
        }

        private boolean isBiased(ShardWeights.Layer layer) {
            return kinds.stream()
                    .map(Kind::bias)
                    .filter(Objects::nonNull)
                    .anyMatch(role -> layer.has(role) || layer.vector(role) != null);
        }

        /** Returns a layer's biases in the order of the rows, zeros where a kind has none; null where none has any. */
        private @Nullable MemorySegment biases(ShardWeights.Layer layer, Span experts) {
            if (!isBiased(layer)) {
                return null;
            }
            int matrices = matricesOfKind(layer);
            MemorySegment all = MemorySegment.ofArray(new float[matrices * height()]);
            long before = 0;
            for (int kind = 0; kind < kinds.size(); kind++) {
                MemorySegment some = kinds.get(kind).biases(layer, experts);
                long bytes = (long) rows.get(kind) * Float.BYTES;
                for (int matrix = 0; some != null && matrix < matrices; matrix++) {
                    long at = (long) matrix * height() * Float.BYTES + before;
                    MemorySegment.copy(some, matrix * bytes, all, at, bytes);
                }
                before += bytes;
            }
            return all;
        }
    }

    /**
     * One product.
     *
     * @param run its kinds
     * @param weights weights of the layers that have this run
     * @param bias [layers of the model][matrices][height of the run], or null
     * @param output [rows][outputs of a token][height of the run]; with a function [rows][rows of a kind]
     * @param function activation function that the product applies; null for none
     */
    record Product(
            Run run,
            StackedWeights weights,
            @Nullable FloatArray bias,
            FloatArray output,
            @Nullable GateFunction function) {
        /** Returns the name of the task. */
        String task() {
            return run.names("_");
        }

        /** Returns this product without function and another one, as one task. */
        private PairTask with(Product other, int layer) {
            return new PairTask(operands(layer), other.operands(layer));
        }

        private PairTask.Operands operands(int layer) {
            return new PairTask.Operands(weights.of(layer), bias, output);
        }
    }

    /**
     * Copies the weights.
     *
     * @param kinds kinds of matrices; each occurs in all layers that have any of them, or in none
     * @param layers layers of the shard
     * @param experts experts of the rank; not used for kinds with one matrix in a layer
     * @param outputs number of outputs per token: 1, or the number of its experts
     * @param function activation function of the outputs, which products apply if they can; null for none
     * @param arrays arrays that stay on the device
     */
    JointWeights(
            List<Kind> kinds,
            List<ShardWeights.Layer> layers,
            Span experts,
            int outputs,
            @Nullable GateFunction function,
            DeviceArrays arrays) {
        for (Run run : runs(kinds, layers)) {
            List<List<WeightMatrix>> matrices = layers.stream()
                    .map(layer -> has(layer, kinds, run) ? run.matrices(layer) : List.<WeightMatrix>of())
                    .toList();
            products.add(new Product(
                    run,
                    arrays.stacked(run.names(", "), matrices, run.mayLieInPanels()),
                    arrays.vectors(layers.stream()
                            .map(layer -> has(layer, kinds, run) ? run.biases(layer, experts) : null)
                            .toList()),
                    arrays.ofRows(outputs * run.outputs(function)),
                    run.activates(function) ? function : null));
        }
    }

    /**
     * Adds the products of a layer.
     *
     * @param graph graph to add to
     * @param layer one of the graph's layers
     * @param x input, [rows][columns]
     */
    void addTo(KernelGraph graph, int layer, FloatArray x) {
        List<Product> all = of(layer);
        for (int i = 0; i < all.size(); i++) {
            Product product = all.get(i);
            DeviceWeights weights = product.weights.of(layer);
            if (product.function != null) {
                graph.gatedLinear(product.task(), weights, product.bias, product.function, x, product.output);
            } else if (i + 1 < all.size() && product.with(all.get(i + 1), layer).fits(graph)) {
                Product next = all.get(i + 1);
                product.with(next, layer).add(graph, product.task() + "_" + next.task(), x);
                i++;
            } else {
                graph.linear(product.task(), weights, product.bias, x, product.output);
            }
        }
    }

    private static boolean has(ShardWeights.Layer layer, List<Kind> kinds, Run run) {
        return runs(kinds, layer).contains(run);
    }

    private static List<Run> runs(List<Kind> kinds, List<ShardWeights.Layer> layers) {
        return layers.stream()
                .flatMap(layer -> runs(kinds, layer).stream())
                .distinct()
                .toList();
    }

    private static List<Run> runs(List<Kind> kinds, ShardWeights.Layer layer) {
        List<Run> runs = new ArrayList<>();
        List<Kind> same = new ArrayList<>();
        List<Integer> rows = new ArrayList<>();
        @Nullable WeightFormat type = null;
        for (Kind kind : kinds) {
            List<WeightMatrix> matrices = kind.of(layer);
            if (matrices.isEmpty()) {
                continue;
            }
            if (type != null && matrices.getFirst().format() != type) {
                runs.add(new Run(List.copyOf(same), List.copyOf(rows)));
                same.clear();
                rows.clear();
            }
            type = matrices.getFirst().format();
            same.add(kind);
            rows.add(matrices.getFirst().rows());
        }
        if (type != null) {
            runs.add(new Run(same, rows));
        }
        return runs;
    }

    /** Returns the elements of one token in the outputs of all products. */
    static long elementsOfRow(
            List<Kind> kinds, List<ShardWeights.Layer> layers, int outputs, @Nullable GateFunction function) {
        return runs(kinds, layers).stream()
                .mapToLong(run -> (long) outputs * run.outputs(function))
                .sum();
    }

    /** Returns whether the products of all layers apply an activation function. */
    static boolean activate(List<Kind> kinds, List<ShardWeights.Layer> layers, GateFunction function) {
        return runs(kinds, layers).stream().allMatch(run -> run.activates(function));
    }

    /**
     * Returns whether the matrices of all layers lie in {@link Panels} on a device.
     *
     * @param kinds kinds with a matrix per expert
     * @param layers layers of the shard
     */
    static boolean inPanels(List<Kind> kinds, List<ShardWeights.Layer> layers) {
        return layers.stream()
                .flatMap(layer -> kinds.stream().flatMap(kind -> kind.of(layer).stream()))
                .allMatch(StackedWeights::inPanels);
    }

    /** Returns the biases of all layers, the zeros of kinds without them included. */
    static long biases(List<Kind> kinds, List<ShardWeights.Layer> layers) {
        return runs(kinds, layers).stream()
                .mapToLong(run -> layers.stream()
                                .filter(layer -> has(layer, kinds, run) && run.isBiased(layer))
                                .mapToLong(run::matricesOfKind)
                                .max()
                                .orElse(0)
                        * run.height()
                        * layers.size())
                .sum();
    }

    /**
     * Returns the shapes of a layer's products of kinds with one matrix.
     *
     * @param layer layer of the shard
     */
    static List<Shape> shapes(List<Kind> kinds, ShardWeights.Layer layer) {
        return runs(kinds, layer).stream()
                .map(run -> {
                    WeightMatrix first = run.kinds().getFirst().of(layer).getFirst();
                    return new Shape(first.format(), run.height(), first.columns());
                })
                .toList();
    }

    /** The matrix of a product. */
    record Shape(WeightFormat format, int rows, int columns) {}

    /** Returns the products of a layer. */
    List<Product> of(int layer) {
        return products.stream()
                .filter(product -> product.weights().stackOf(layer) >= 0)
                .toList();
    }

    /** Returns where a layer's products leave what each kind makes, in the order of the kinds that the layer has. */
    List<DeviceColumns> outputs(int layer) {
        List<DeviceColumns> outputs = new ArrayList<>();
        for (Product product : of(layer)) {
            int from = 0;
            for (int rows : product.run().rows()) {
                outputs.add(new DeviceColumns(product.output(), product.run().height(), from));
                from += rows;
            }
        }
        return outputs;
    }

    /** Returns the weights of all layers. */
    Stream<StackedWeights> stacks() {
        return products.stream().map(Product::weights);
    }
}
