package dev.waterspout.engine.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Builds the bytes of a file field by field without checks, so that a test can make any field wrong. */
final class GgufBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Map<String, Integer> marks = new LinkedHashMap<>();

    /** The magic, the version and the two counts. */
    static GgufBytes header(int version, long tensors, long metadata) {
        return new GgufBytes()
                .mark("magic")
                .raw('G', 'G', 'U', 'F')
                .mark("version")
                .u32(version)
                .mark("tensor count")
                .u64(tensors)
                .mark("metadata count")
                .u64(metadata);
    }

    GgufBytes raw(int... values) {
        for (int value : values) {
            bytes.write(value);
        }
        return this;
    }

    GgufBytes u32(long value) {
        return integer(value, Integer.BYTES);
    }

    GgufBytes u64(long value) {
        return integer(value, Long.BYTES);
    }

    GgufBytes string(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        u64(utf8.length);
        bytes.writeBytes(utf8);
        return this;
    }

    /** Adds a key and the type of its value, which the caller adds next. */
    GgufBytes key(String key, GgufValueType type) {
        return string(key).u32(type.id());
    }

    GgufBytes tensor(String name, int type, long offset, long... dimensions) {
        string(name).u32(dimensions.length);
        for (long dimension : dimensions) {
            u64(dimension);
        }
        return u32(type).u64(offset);
    }

    /** Adds zeros up to the next multiple of the alignment, then {@code size} more. */
    GgufBytes data(int alignment, int size) {
        int padding = (alignment - bytes.size() % alignment) % alignment;
        bytes.writeBytes(new byte[padding + size]);
        return this;
    }

    /** Names the next field. */
    GgufBytes mark(String field) {
        marks.put(field, bytes.size());
        return this;
    }

    Map<String, Integer> marks() {
        return marks;
    }

    byte[] build() {
        return bytes.toByteArray();
    }

    private GgufBytes integer(long value, int width) {
        for (int i = 0; i < width; i++) {
            bytes.write((int) (value >>> (Byte.SIZE * i)));
        }
        return this;
    }
}
