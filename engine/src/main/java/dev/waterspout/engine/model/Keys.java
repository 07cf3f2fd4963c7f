package dev.waterspout.engine.model;

import dev.waterspout.engine.gguf.GgufMetadata;
import dev.waterspout.engine.gguf.GgufValue;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The metadata keys of one architecture, which all begin with its name. Records the keys that are read: an unread key
 * may mean that the model computes something that this engine does not.
 */
final class Keys {
    /** Largest number of elements of a dimension. */
    static final int LIMIT = 1 << 24;

    /**
     * Keys without effect for all values, unless the architecture reads them. The list has YaRN's keys because
     * llama.cpp writes them for every architecture but reads them for few.
     */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "vocab_size",
            "tensor_data_layout",
            "context_length",
            "rope.scaling.finetuned",
            "rope.scaling.original_context_length",
            "rope.scaling.yarn_beta_fast",
            "rope.scaling.yarn_beta_slow",
            "rope.scaling.yarn_ext_factor",
            "rope.scaling.yarn_attn_factor",
            "rope.scaling.yarn_log_multiplier",
            "pooling_type");

    private final GgufMetadata metadata;
    private final String prefix;
    private final Set<String> read = new HashSet<>();

    Keys(GgufMetadata metadata, String architecture) {
        this.metadata = metadata;
        this.prefix = architecture + ".";
    }

    /** Returns a key with the architecture's name, as the file has it. */
    String full(String key) {
        return prefix + key;
    }

    /** Returns whether the file has a key. */
    boolean has(String key) {
        return metadata.value(note(key)).isPresent();
    }

    /** Returns a size of at least 1. */
    int required(String key) {
        return checked(key, integer(key).orElseThrow(() -> new ModelException(full(key) + " is missing")));
    }

    /** Returns a size of at least 1, or a default if the key is absent. */
    int optional(String key, int otherwise) {
        return checked(key, integer(key).orElse((long) otherwise));
    }

    /** Returns a size, or a default if the key is absent or 0. */
    int positive(String key, int otherwise) {
        long value = integer(key).orElse(0L);
        return value == 0 ? otherwise : checked(key, value);
    }

    /** Returns an integer; an array of equal integers, one per layer, counts as one integer. */
    Optional<Long> integer(String key) {
        String full = note(key);
        if (metadata.value(full).orElse(null) instanceof GgufValue.Array) {
            int[] each = metadata.integers(full).orElseThrow();
            for (int value : each) {
                if (value != each[0]) {
                    throw new ModelException(full + " differs between layers; only one value for all is supported");
                }
            }
            return each.length == 0 ? Optional.empty() : Optional.of((long) each[0]);
        }
        var value = metadata.integer(full);
        return value.isPresent() ? Optional.of(value.getAsLong()) : Optional.empty();
    }

    /** Returns a number, or a default if the key is absent. */
    double real(String key, double otherwise) {
        double value = metadata.real(note(key)).orElse(otherwise);
        if (!Double.isFinite(value)) {
            throw new ModelException(full(key) + " is " + value + "; it must be finite");
        }
        return value;
    }

    /** Returns a number within [0, limit), or empty if the key is absent. */
    Optional<Double> within(String key, double limit) {
        var found = metadata.real(note(key));
        if (found.isEmpty()) {
            return Optional.empty();
        }
        double value = found.getAsDouble();
        if (!(value >= 0 && value < limit)) {
            throw new ModelException(full(key) + " is " + value + "; it must be within 0 to " + (long) limit);
        }
        return Optional.of(value);
    }

    /** Returns a text, or a default if the key is absent. */
    String text(String key, String otherwise) {
        return metadata.string(note(key)).orElse(otherwise);
    }

    /** Returns a boolean, or a default if the key is absent. */
    boolean flag(String key, boolean otherwise) {
        return metadata.bool(note(key)).orElse(otherwise);
    }

    /** Returns an array of booleans or integers, one per layer; empty if the key is absent or no array. */
    Optional<boolean[]> flags(String key) {
        String full = note(key);
        if (!(metadata.value(full).orElse(null) instanceof GgufValue.Array array)) {
            return Optional.empty();
        }
        if (!(array instanceof GgufValue.Numbers numbers)
                || numbers.elementType().isReal()) {
            throw new ModelException(full + " is " + array.render() + "; it must be a number or an array of booleans");
        }
        boolean[] flags = new boolean[numbers.count()];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = numbers.integer(i) != 0;
        }
        return Optional.of(flags);
    }

    /**
     * Checks an optional key that has only one supported value.
     *
     * @throws ModelException if it has another value
     */
    void requireEqual(String key, int expected) {
        long value = integer(key).orElse((long) expected);
        if (value != expected) {
            throw new ModelException(full(key) + " is " + value + "; only " + expected + " is supported here");
        }
    }

    /**
     * Checks that every key of the architecture has been read.
     *
     * @throws ModelException if a key has not been read and may have an effect
     */
    void requireAllRead() {
        List<String> unknown = metadata.keys().stream()
                .filter(key -> key.startsWith(prefix) && !read.contains(key))
                .filter(key -> !WITHOUT_EFFECT.contains(key.substring(prefix.length())))
                .filter(key -> !isOff(key))
                .toList();
        if (!unknown.isEmpty()) {
            throw new ModelException("metadata key " + unknown.getFirst()
                    + " is not supported, and may change the results of the model; remove it if it does not");
        }
    }

    /** A key whose value is 0 or false, or an array of these, has no effect. */
    private boolean isOff(String key) {
        return switch (metadata.value(key).orElse(null)) {
            case GgufValue.Int number -> number.bits() == 0;
            case GgufValue.Real number -> number.value() == 0;
            case GgufValue.Bool bool -> !bool.value();
            case GgufValue.Numbers numbers ->
                !numbers.elementType().isReal()
                        && IntStream.range(0, numbers.count()).allMatch(i -> numbers.integer(i) == 0);
            case null, default -> false;
        };
    }

    private String note(String key) {
        String full = full(key);
        read.add(full);
        return full;
    }

    private int checked(String key, long value) {
        if (value < 1 || value > LIMIT) {
            throw new ModelException(full(key) + " is " + value + "; it must be within 1 to " + LIMIT);
        }
        return (int) value;
    }
}
