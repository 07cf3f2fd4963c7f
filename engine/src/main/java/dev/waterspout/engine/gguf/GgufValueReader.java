package dev.waterspout.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/** Reads metadata values. */
final class GgufValueReader {
    /** How deep arrays nest: nothing known needs more than 2. */
    static final int MAX_DEPTH = 4;

    private final GgufCursor cursor;

    GgufValueReader(GgufCursor cursor) {
        this.cursor = cursor;
    }

    /** Reads a type and the value that follows it. */
    GgufValue read() {
        GgufValueType type = type("the value's type");
        return switch (type) {
            case UINT8 -> new GgufValue.Int(type, Byte.toUnsignedLong(cursor.int8("the value")));
            case INT8 -> new GgufValue.Int(type, cursor.int8("the value"));
            case UINT16 -> new GgufValue.Int(type, Short.toUnsignedLong(cursor.int16("the value")));
            case INT16 -> new GgufValue.Int(type, cursor.int16("the value"));
            case UINT32 -> new GgufValue.Int(type, Integer.toUnsignedLong(cursor.int32("the value")));
            case INT32 -> new GgufValue.Int(type, cursor.int32("the value"));
            case UINT64, INT64 -> new GgufValue.Int(type, cursor.int64("the value"));
            case FLOAT32 -> new GgufValue.Real(type, Float.intBitsToFloat(cursor.int32("the value")));
            case FLOAT64 -> new GgufValue.Real(type, Double.longBitsToDouble(cursor.int64("the value")));
            case BOOL -> bool();
            case STRING -> new GgufValue.Text(cursor.string("the string's length"));
            case ARRAY -> array(1);
        };
    }

    private GgufValueType type(String field) {
        long at = cursor.position();
        int id = cursor.int32(field);
        return GgufValueType.byId(id)
                .orElseThrow(() -> cursor.fail(
                        at,
                        field + " is " + Integer.toUnsignedString(id) + "; 0 to " + (GgufValueType.values().length - 1)
                                + " is allowed"));
    }

    private GgufValue bool() {
        long at = cursor.position();
        byte value = cursor.int8("the value");
        checkBool(at, value);
        return new GgufValue.Bool(value == 1);
    }

    private void checkBool(long at, byte value) {
        if (value != 0 && value != 1) {
            throw cursor.fail(at, "a bool is " + Byte.toUnsignedInt(value) + "; 0 or 1 is allowed");
        }
    }

    private GgufValue.Array array(int depth) {
        if (depth > MAX_DEPTH) {
            throw cursor.fail(cursor.position(), "arrays nest deeper than the " + MAX_DEPTH + " levels allowed");
        }
        GgufValueType elementType = type("the type of the array's elements");
        int count = (int) cursor.count("the array's length", elementType.minimumBytes());
        return switch (elementType) {
            case STRING -> strings(count);
            case ARRAY -> arrays(count, depth);
            default -> numbers(elementType, count);
        };
    }

    private GgufValue.Array strings(int count) {
        String[] values = new String[count];
        for (int i = 0; i < count; i++) {
            values[i] = cursor.string("the length of a string in the array");
        }
        return new GgufValue.Strings(Arrays.asList(values));
    }

    private GgufValue.Array arrays(int count, int depth) {
        GgufValue.Array[] values = new GgufValue.Array[count];
        for (int i = 0; i < count; i++) {
            values[i] = array(depth + 1);
        }
        return new GgufValue.Arrays(List.of(values));
    }

    private GgufValue.Array numbers(GgufValueType elementType, int count) {
        long at = cursor.position();
        MemorySegment raw = cursor.copy((long) count * elementType.minimumBytes(), "the array");
        if (elementType == GgufValueType.BOOL) {
            for (int i = 0; i < count; i++) {
                checkBool(at + i, raw.get(ValueLayout.JAVA_BYTE, i));
            }
        }
        return new GgufValue.Numbers(elementType, raw);
    }
}
