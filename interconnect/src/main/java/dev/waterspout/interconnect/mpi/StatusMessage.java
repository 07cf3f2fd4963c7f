package dev.waterspout.interconnect.mpi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A status message between two ranks, separate from the exchanges. Its encoding is little-endian:
 *
 * <pre>
 *   0        4        8               16              24       28
 *   +--------+--------+---------------+---------------+--------+-------------------------+
 *   |  kind  | sender |     first     |    second     | length | text, UTF-8, 484 bytes  |
 *   +--------+--------+---------------+---------------+--------+-------------------------+
 * </pre>
 *
 * @param kind the kind of message
 * @param sender rank that sends the message
 * @param first LEFT: number of messages that the sender has sent to the receiver; WAITING: the rank that the sender
 *     waits for
 * @param second LEFT: number of messages that the sender has received from the receiver
 * @param text FAILURE: the error message of every rank, truncated if it is too long
 */
record StatusMessage(Kind kind, int sender, long first, long second, String text) {
    static final int BYTES = 512;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int TEXT = 28;

    /** The kind of a message. */
    enum Kind {
        /** The sender is alive. */
        ALIVE(0),
        /** The sender waits for another rank. */
        WAITING(1),
        /** The sender has left the group. */
        LEFT(2),
        /** The group has ended. */
        FAILURE(3);

        static final int COUNT = 4;

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /** {@return its number on the wire, below {@link #COUNT}} */
        int code() {
            return code;
        }

        static Kind of(int code) {
            return switch (code) {
                case 0 -> ALIVE;
                case 1 -> WAITING;
                case 2 -> LEFT;
                default -> FAILURE;
            };
        }
    }

    StatusMessage(Kind kind, int sender) {
        this(kind, sender, 0, 0, "");
    }

    void write(MemorySegment target) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(utf8.length, BYTES - TEXT);
        while (length < utf8.length && (utf8[length] & 0xc0) == 0x80) { // not inside a character
            length--;
        }
        target.set(INT, 0, kind.code);
        target.set(INT, 4, sender);
        target.set(LONG, 8, first);
        target.set(LONG, 16, second);
        target.set(INT, 24, length);
        MemorySegment.copy(utf8, 0, target, ValueLayout.JAVA_BYTE, TEXT, length);
    }

    static StatusMessage read(MemorySegment source) {
        byte[] utf8 = new byte[Math.clamp(source.get(INT, 24), 0, BYTES - TEXT)];
        MemorySegment.copy(source, ValueLayout.JAVA_BYTE, TEXT, utf8, 0, utf8.length);
        return new StatusMessage(
                Kind.of(source.get(INT, 0)),
                source.get(INT, 4),
                source.get(LONG, 8),
                source.get(LONG, 16),
                new String(utf8, StandardCharsets.UTF_8));
    }
}
