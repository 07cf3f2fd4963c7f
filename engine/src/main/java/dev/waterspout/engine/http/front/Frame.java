package dev.waterspout.engine.http.front;

import dev.waterspout.engine.json.PlainJson;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message between a front and rank 0. On the socket: the kind (1 byte), the number (8), the length of the fields (4),
 * the fields as JSON, the length of the payload (4), the payload; numbers are big-endian.
 *
 * @param kind kind of the message
 * @param number number of the request; 0 if the frame belongs to none
 * @param fields values by name
 * @param payload bytes of a body or an event
 */
@SuppressWarnings("ArrayRecordComponent") // made once, written once, never compared
record Frame(Kind kind, long number, Map<String, @Nullable Object> fields, byte[] payload) {
    /** The kinds of messages. */
    enum Kind {
        /** Rank 0 can answer requests: {@code name} of the model. */
        READY(0),
        /**
         * A request of the front: method, path, headers, stamp, and the known tokens of each choice; the payload is the
         * body.
         */
        ASK(1),
        /** The client of a request has closed its connection. */
        GONE(2),
        /** The ranks must shut down. */
        END(3),
        /** Tokens of a reply, sent before the events made of them: {@code choice}, {@code tokens}. */
        NOTE(4),
        /** An answer of events begins. */
        BEGIN(5),
        /** The payload is an event. */
        EVENT(6),
        /** An answer of events ends. */
        DONE(7),
        /** A whole answer: {@code status}, {@code type}, {@code headers}; the payload is its body. */
        ANSWER(8);

        /** The byte of this kind on the socket. */
        private final int code;

        Kind(int code) {
            this.code = code;
        }

        static Kind of(int code) throws IOException {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new IOException("received a frame of kind " + code + "; kinds are 0 to " + (values().length - 1));
        }
    }

    private static final int MOST_BYTES = 1 << 28;

    static Frame of(Kind kind, long number) {
        return new Frame(kind, number, Map.of(), new byte[0]);
    }

    static Frame of(Kind kind, long number, @Nullable Object... keysAndValues) {
        return new Frame(kind, number, PlainJson.object(keysAndValues), new byte[0]);
    }

    Frame with(byte[] bytes) {
        return new Frame(kind, number, fields, bytes);
    }

    String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    long integer(String name) {
        return ((Number) Objects.requireNonNull(fields.get(name))).longValue();
    }

    String string(String name) {
        return String.valueOf(fields.get(name));
    }

    /** Returns a field that maps strings to strings. */
    Map<String, String> strings(String name) {
        Map<String, String> strings = new LinkedHashMap<>();
        if (fields.get(name) instanceof Map<?, ?> map) {
            map.forEach((key, value) -> strings.put(String.valueOf(key), String.valueOf(value)));
        }
        return strings;
    }

    void write(DataOutputStream out) throws IOException {
        byte[] json = PlainJson.text(fields).getBytes(StandardCharsets.UTF_8);
        out.writeByte(kind.code);
        out.writeLong(number);
        out.writeInt(json.length);
        out.write(json);
        out.writeInt(payload.length);
        out.write(payload);
        out.flush();
    }

    /**
     * Reads a frame.
     *
     * @throws EOFException if the other side has closed the connection
     */
    static Frame read(DataInputStream in) throws IOException {
        Kind kind = Kind.of(in.readUnsignedByte());
        long number = in.readLong();
        String json = new String(bytes(in), StandardCharsets.UTF_8);
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        if (PlainJson.read("a frame", json) instanceof Map<?, ?> map) {
            map.forEach((key, value) -> fields.put(String.valueOf(key), value));
        }
        return new Frame(kind, number, fields, bytes(in));
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > MOST_BYTES) {
            throw new IOException("a part of a frame has " + length + " bytes; at most " + MOST_BYTES + " are allowed");
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("a frame was cut short");
        }
        return bytes;
    }
}
