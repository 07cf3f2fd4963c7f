package dev.waterspout.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Positions of the fields of a valid header, found by a second, unchecked reader. Of long arrays only the first and
 * the last element are kept, so that a random field is seldom an element of the vocabulary.
 */
final class GgufFields {
    /** Kind of a field. */
    enum Kind {
        MAGIC,
        VERSION,
        COUNT,
        LENGTH,
        TEXT,
        VALUE_TYPE,
        NUMBER,
        ARRAY_LENGTH,
        DIMENSION_COUNT,
        DIMENSION,
        TENSOR_TYPE,
        OFFSET
    }

    /**
     * A field.
     *
     * @param kind kind of the field
     * @param at offset of its first byte
     * @param bytes its size
     */
    record Field(Kind kind, long at, int bytes) {}

    private static final int STRING = 8;
    private static final int ARRAY = 9;
    /** Bytes of a value by the number of its type; 0 for strings and arrays, whose size varies. */
    private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

    private final MemorySegment file;
    private final List<Field> fields = new ArrayList<>();
    /** The fields of each tensor: length of the name, name, number of dimensions, dimensions, type, offset. */
    private final List<List<Field>> tensors = new ArrayList<>();

    private long position;

    /** Finds the fields of a valid file. */
    GgufFields(MemorySegment file) {
        this.file = file;
        add(Kind.MAGIC, 4);
        add(Kind.VERSION, 4);
        long tensorCount = number(Kind.COUNT, 8);
        long metadataCount = number(Kind.COUNT, 8);
        for (long i = 0; i < metadataCount; i++) {
            string(true);
            value((int) number(Kind.VALUE_TYPE, 4), true);
        }
        for (long i = 0; i < tensorCount; i++) {
            int first = fields.size();
            string(true);
            long dimensions = number(Kind.DIMENSION_COUNT, 4);
            for (long each = 0; each < dimensions; each++) {
                add(Kind.DIMENSION, 8);
            }
            add(Kind.TENSOR_TYPE, 4);
            add(Kind.OFFSET, 8);
            tensors.add(List.copyOf(fields.subList(first, fields.size())));
        }
    }

    /** Returns the fields in the order of the file. */
    List<Field> all() {
        return fields;
    }

    /** Returns the fields of each tensor. */
    List<List<Field>> tensors() {
        return tensors;
    }

    /** Returns the bytes in front of the padding and the data. */
    long end() {
        return position;
    }

    private void value(int type, boolean kept) {
        switch (type) {
            case STRING -> string(kept);
            case ARRAY -> {
                int element = (int) number(Kind.VALUE_TYPE, 4);
                long count = number(Kind.ARRAY_LENGTH, 8);
                for (long i = 0; i < count; i++) {
                    value(element, i == 0 || i == count - 1);
                }
            }
            default -> {
                if (kept) {
                    add(Kind.NUMBER, SIZES[type]);
                } else {
                    position += SIZES[type];
                }
            }
        }
    }

    private void string(boolean kept) {
        long length = file.get(Layouts.LONG, position);
        if (kept) {
            add(Kind.LENGTH, 8);
            if (length > 0) {
                add(Kind.TEXT, (int) length);
            }
        } else {
            position += Long.BYTES + length;
        }
    }

    private long number(Kind kind, int bytes) {
        long value = bytes == 4 ? file.get(Layouts.INT, position) : file.get(Layouts.LONG, position);
        add(kind, bytes);
        return value;
    }

    private void add(Kind kind, int bytes) {
        fields.add(new Field(kind, position, bytes));
        position += bytes;
    }
}
