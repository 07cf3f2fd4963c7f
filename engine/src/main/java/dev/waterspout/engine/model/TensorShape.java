package dev.waterspout.engine.model;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor that a model has.
 *
 * @param name name in GGUF files
 * @param kind use of the tensor
 * @param dimensions columns first
 */
public record TensorShape(String name, Kind kind, List<Long> dimensions) {
    /** Use of a tensor. */
    public enum Kind {
        /** The weights of a matrix product. */
        MATRIX,
        /** The weights of a matrix product of all experts of a layer. */
        EXPERTS,
        /** A router, which is small and stays in f32. */
        ROUTER,
        /** The weight of a norm, f32. */
        NORM,
        /** A bias, f32. */
        BIAS
    }

    /** Copies the list. */
    public TensorShape {
        dimensions = List.copyOf(dimensions);
    }

    /**
     * Returns the tensors that a model must have, in the order of its layers.
     *
     * @param config its shape
     * @param tied whether the output head is the embedding table
     */
    public static List<TensorShape> of(ModelConfig config, boolean tied) {
        List<TensorShape> shapes = new ArrayList<>();
        List<Long> table = List.of((long) config.width(), (long) config.vocabulary());
        List<Long> vector = List.of((long) config.width());
        shapes.add(new TensorShape(Model.EMBEDDING, Kind.MATRIX, table));
        shapes.add(new TensorShape(Model.OUTPUT_NORM, Kind.NORM, vector));
        if (config.architecture().presence(TensorRole.ATTN_NORM_BIAS) == Presence.REQUIRED) {
            shapes.add(new TensorShape(Model.OUTPUT_NORM_BIAS, Kind.BIAS, vector));
        }
        if (!tied) {
            shapes.add(new TensorShape(Model.OUTPUT, Kind.MATRIX, table));
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            for (TensorRole role : TensorRole.values()) {
                if (config.presence(role, layer) == Presence.REQUIRED) {
                    shapes.add(of(config, role, layer));
                }
            }
        }
        return shapes;
    }

    private static TensorShape of(ModelConfig config, TensorRole role, int layer) {
        List<Long> dimensions = new ArrayList<>(List.of((long) config.size(role.columns())));
        if (!role.isVector()) {
            dimensions.add((long) config.size(role.rows()));
        }
        Extent each = role.each();
        if (each != null) {
            dimensions.add((long) config.size(each));
        }
        return new TensorShape(config.architecture().name(role, layer), kind(role), dimensions);
    }

    private static Kind kind(TensorRole role) {
        if (role.isVector() || role.isBias()) {
            return role.name().endsWith("_NORM") ? Kind.NORM : Kind.BIAS;
        }
        return switch (role) {
            case FFN_ROUTER -> Kind.ROUTER;
            case FFN_GATE_EXPERTS, FFN_UP_EXPERTS, FFN_DOWN_EXPERTS -> Kind.EXPERTS;
            default -> Kind.MATRIX;
        };
    }
}
