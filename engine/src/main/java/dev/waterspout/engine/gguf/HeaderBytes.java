package dev.waterspout.engine.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** A growable buffer for the bytes of a header. */
final class HeaderBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    void int32(int value) {
        integer(value, Integer.BYTES);
    }

    void int64(long value) {
        integer(value, Long.BYTES);
    }

    void string(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        int64(utf8.length);
        bytes.writeBytes(utf8);
    }

    /** Writes a value without its type. */
    void value(GgufValue value) {
        switch (value) {
            case GgufValue.Int number -> integer(number.bits(), number.type().minimumBytes());
            case GgufValue.Real number
            when number.type() == GgufValueType.FLOAT32 -> int32(Float.floatToRawIntBits((float) number.value()));
            case GgufValue.Real number -> int64(Double.doubleToRawLongBits(number.value()));
            case GgufValue.Bool bool -> integer(bool.value() ? 1 : 0, Byte.BYTES);
            case GgufValue.Text text -> string(text.value());
            case GgufValue.Array array -> array(array);
        }
    }

    private void array(GgufValue.Array array) {
        int32(array.elementType().id());
        int64(array.count());
        switch (array) {
            case GgufValue.Strings strings -> strings.values().forEach(this::string);
            case GgufValue.Arrays arrays -> arrays.values().forEach(this::array);
            case GgufValue.Numbers numbers -> bytes.writeBytes(numbers.raw().toArray(ValueLayout.JAVA_BYTE));
        }
    }

    void pad(int count) {
        bytes.writeBytes(new byte[count]);
    }

    int size() {
        return bytes.size();
    }

    byte[] toByteArray() {
        return bytes.toByteArray();
    }

    private void integer(long value, int width) {
        for (int i = 0; i < width; i++) {
            bytes.write((int) (value >>> (Byte.SIZE * i)));
        }
    }
}
