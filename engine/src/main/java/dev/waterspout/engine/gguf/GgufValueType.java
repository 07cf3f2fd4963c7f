package dev.waterspout.engine.gguf;

import java.util.Locale;
import java.util.Optional;

/** The types of metadata values, with the numbers that stand for them in a file. */
public enum GgufValueType {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    /** A u64 count of bytes, then UTF-8. */
    STRING(8, 8),
    /** A u32 type of the elements and their u64 count, then the elements. */
    ARRAY(9, 12),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    private final int id;
    private final int minimumBytes;

    GgufValueType(int id, int minimumBytes) {
        this.id = id;
        this.minimumBytes = minimumBytes;
    }

    /** The number that stands for this type in a file. */
    public int id() {
        return id;
    }

    /** Returns the exact size of a number or a bool; for strings and arrays the size of an empty one. */
    int minimumBytes() {
        return minimumBytes;
    }

    /** True for signed and unsigned integers of any width; a bool is not one. */
    public boolean isInteger() {
        return switch (this) {
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
            case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
        };
    }

    /** True for floating-point numbers of either width. */
    public boolean isReal() {
        return this == FLOAT32 || this == FLOAT64;
    }

    /**
     * Finds a type by its number in a file.
     *
     * @param id any number
     * @return empty if no type has it
     */
    public static Optional<GgufValueType> byId(int id) {
        for (GgufValueType type : values()) {
            if (type.id == id) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** The type's name in messages: lower case, such as {@code uint32}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
