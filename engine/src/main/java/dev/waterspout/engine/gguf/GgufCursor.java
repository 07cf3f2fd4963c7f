package dev.waterspout.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of a header in order. The size of each is checked against the bytes that remain before it is read.
 */
final class GgufCursor {
    /**
     * The longest header that is read. The largest vocabularies need a fifth of it. It bounds the memory that a hostile
     * file can make the reader allocate.
     */
    static final long MAX_HEADER_BYTES = 128L << 20;

    private final String file;
    private final MemorySegment header;
    private final long fileBytes;
    private String subject = "the header";
    private byte[] scratch = new byte[256];
    private long position;

    GgufCursor(String file, MemorySegment data) {
        this.file = file;
        this.fileBytes = data.byteSize();
        this.header = data.asSlice(0, Math.min(fileBytes, MAX_HEADER_BYTES));
    }

    /** Sets the name of the item being read, for messages. */
    void about(String newSubject) {
        subject = newSubject;
    }

    long position() {
        return position;
    }

    long remaining() {
        return header.byteSize() - position;
    }

    byte int8(String field) {
        return header.get(ValueLayout.JAVA_BYTE, take(Byte.BYTES, field));
    }

    int int32(String field) {
        return header.get(Layouts.INT, take(Integer.BYTES, field));
    }

    long int64(String field) {
        return header.get(Layouts.LONG, take(Long.BYTES, field));
    }

    short int16(String field) {
        return header.get(Layouts.SHORT, take(Short.BYTES, field));
    }

    /**
     * Reads an unsigned 64-bit count of elements that follow.
     *
     * @param minimumBytes the least size of an element
     * @return a count of elements that fit into the remaining bytes
     */
    long count(String field, int minimumBytes) {
        long at = position;
        long count = int64(field);
        if (Long.compareUnsigned(count, remaining() / minimumBytes) > 0) {
            throw fail(
                    at,
                    field + " is " + Long.toUnsignedString(count) + ", but the " + remaining() + " bytes that "
                            + remain() + " hold at most " + remaining() / minimumBytes);
        }
        return count;
    }

    /** Reads a string: its length, then UTF-8; malformed bytes are replaced. */
    String string(String field) {
        long at = position;
        long declared = int64(field);
        if (declared < 0 || declared > remaining()) {
            throw fail(
                    at,
                    field + " is " + Long.toUnsignedString(declared) + " bytes, but " + remaining() + " " + remain());
        }
        int length = (int) declared;
        if (length == 0) {
            return "";
        }
        if (length > scratch.length) {
            scratch = new byte[Math.max(length, 2 * scratch.length)];
        }
        MemorySegment.copy(header, ValueLayout.JAVA_BYTE, take(length, field), scratch, 0, length);
        return new String(scratch, 0, length, StandardCharsets.UTF_8);
    }

    /** Copies bytes to the heap. */
    MemorySegment copy(long bytes, String field) {
        long start = take(bytes, field);
        return MemorySegment.ofArray(header.asSlice(start, bytes).toArray(ValueLayout.JAVA_BYTE));
    }

    GgufException fail(long at, String problem) {
        return new GgufException(file, at, subject + ": " + problem);
    }

    private long take(long bytes, String field) {
        if (bytes > remaining()) {
            throw fail(position, field + " needs " + bytes + " bytes, but " + remaining() + " " + remain());
        }
        long start = position;
        position += bytes;
        return start;
    }

    private String remain() {
        return fileBytes > MAX_HEADER_BYTES
                ? "remain of the " + MAX_HEADER_BYTES + " that a header may have"
                : "remain";
    }
}
