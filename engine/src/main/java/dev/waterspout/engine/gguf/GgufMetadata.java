package dev.waterspout.engine.gguf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The metadata of a file: keys with typed values, in file order. Every accessor returns empty for an absent key and
 * throws a {@link GgufException} that names the key, the type found and the type wanted for a value of another type.
 */
public final class GgufMetadata {
    private final String file;
    private final Map<String, GgufValue> values;

    /**
     * Keeps a copy of the values.
     *
     * @param file the name of the file, for messages
     * @param values values in the order of {@link #keys()}
     */
    public GgufMetadata(String file, Map<String, GgufValue> values) {
        this.file = file;
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** The keys, in file order; unmodifiable. */
    public Set<String> keys() {
        return values.keySet();
    }

    /** A value of any type. */
    public Optional<GgufValue> value(String key) {
        return Optional.ofNullable(values.get(key));
    }

    /** A string. */
    public Optional<String> string(String key) {
        return value(key).map(found -> switch (found) {
            case GgufValue.Text text -> text.value();
            default -> throw wrongType(key, found, "a string");
        });
    }

    /**
     * An integer of any width.
     *
     * @throws GgufException also for a uint64 above 2^63 - 1
     */
    public OptionalLong integer(String key) {
        GgufValue found = values.get(key);
        if (found == null) {
            return OptionalLong.empty();
        }
        if (!(found instanceof GgufValue.Int number)) {
            throw wrongType(key, found, "an integer");
        }
        return OptionalLong.of(checked(key, number.type(), number.bits(), Long.MIN_VALUE, Long.MAX_VALUE));
    }

    /** A number: a floating-point number or an integer of any width. */
    public OptionalDouble real(String key) {
        GgufValue found = values.get(key);
        return switch (found) {
            case null -> OptionalDouble.empty();
            case GgufValue.Real number -> OptionalDouble.of(number.value());
            case GgufValue.Int number ->
                OptionalDouble.of(
                        number.type() == GgufValueType.UINT64 ? unsigned(number.bits()) : (double) number.bits());
            default -> throw wrongType(key, found, "a number");
        };
    }

    /** A truth value. */
    public Optional<Boolean> bool(String key) {
        return value(key).map(found -> switch (found) {
            case GgufValue.Bool bool -> bool.value();
            default -> throw wrongType(key, found, "a bool");
        });
    }

    /** An array of strings; unmodifiable. */
    public Optional<List<String>> strings(String key) {
        return value(key).map(found -> switch (found) {
            case GgufValue.Strings strings -> strings.values();
            default -> throw wrongType(key, found, "an array of strings");
        });
    }

    /** An array of floating-point numbers, a float64 rounded to float32. The array is the caller's. */
    public Optional<float[]> floats(String key) {
        return value(key).map(found -> {
            if (!(found instanceof GgufValue.Numbers numbers
                    && numbers.elementType().isReal())) {
                throw wrongType(key, found, "an array of floating-point numbers");
            }
            float[] result = new float[numbers.count()];
            for (int i = 0; i < result.length; i++) {
                result[i] = (float) numbers.real(i);
            }
            return result;
        });
    }

    /**
     * An array of integers of any width. The array is the caller's.
     *
     * @throws GgufException also for an element that does not fit an int
     */
    public Optional<int[]> integers(String key) {
        return value(key).map(found -> {
            if (!(found instanceof GgufValue.Numbers numbers
                    && numbers.elementType().isInteger())) {
                throw wrongType(key, found, "an array of integers");
            }
            int[] result = new int[numbers.count()];
            for (int i = 0; i < result.length; i++) {
                result[i] = (int)
                        checked(key, numbers.elementType(), numbers.integer(i), Integer.MIN_VALUE, Integer.MAX_VALUE);
            }
            return result;
        });
    }

    private long checked(String key, GgufValueType type, long bits, long smallest, long largest) {
        boolean beyondLong = type == GgufValueType.UINT64 && bits < 0;
        if (beyondLong || bits < smallest || bits > largest) {
            String value = beyondLong ? Long.toUnsignedString(bits) : Long.toString(bits);
            throw new GgufException(
                    file,
                    "metadata key " + Printable.quote(key) + " has the value " + value + "; " + smallest + " to "
                            + largest + " is allowed");
        }
        return bits;
    }

    private static double unsigned(long bits) {
        // A double has 53 bits: halving a value above 2^63 - 1, with the lost bit kept sticky, rounds the same.
        return bits >= 0 ? bits : (double) ((bits >>> 1) | (bits & 1)) * 2;
    }

    private GgufException wrongType(String key, GgufValue found, String wanted) {
        String type = found instanceof GgufValue.Array array ? "array of " + array.elementType() : "" + found.type();
        return new GgufException(
                file, "metadata key " + Printable.quote(key) + " has the type " + type + "; " + wanted + " is wanted");
    }
}
