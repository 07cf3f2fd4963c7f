package dev.waterspout.interconnect.frame;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The byte layout of a frame, in memory and on the wire. No other class knows it. Little-endian:
 *
 * <pre>
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---------------------------------------------------------------+
 *  0|                    Magic "WSPT" (0x54505357)                  |
 *   +-------------------------------+-------------------------------+
 *  4|            Version            |             Rank              |
 *   +-------------------------------+-------------------------------+
 *  8|                        Sequence number                        |
 *   |                           (64 bits)                           |
 *   +---------------------------------------------------------------+
 * 16|                             Layer                             |
 *   +---------------------------------------------------------------+
 * 20|                           Format id                           |
 *   +---------------------------------------------------------------+
 * 24|                             Rows                              |
 *   +---------------------------------------------------------------+
 * 28|                            Columns                            |
 *   +---------------------------------------------------------------+
 * 32|                        Payload length                         |
 *   |                           (64 bits)                           |
 *   +---------------------------------------------------------------+
 * 40|          CRC32C of bytes 0 to 39 and of the payload           |
 *   +---------------------------------------------------------------+
 * 44|                           Reserved, 0                         |
 *   +---------------------------------------------------------------+
 * 48|                            Payload                           ...
 * </pre>
 *
 * <p>The reserved word makes the header a multiple of 16 bytes, so that a payload is as aligned as its frame.
 */
public final class FrameLayout {
    /** Bytes in front of every payload. */
    public static final int HEADER_BYTES = 48;

    /** Version that this code writes, and the only one that it reads. */
    static final int VERSION = 1;

    static final int MAGIC = 0x54505357;

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 4;
    static final int RANK_OFFSET = 6;
    static final int SEQUENCE_OFFSET = 8;
    static final int LAYER_OFFSET = 16;
    static final int FORMAT_OFFSET = 20;
    static final int ROWS_OFFSET = 24;
    static final int COLUMNS_OFFSET = 28;
    static final int PAYLOAD_LENGTH_OFFSET = 32;
    static final int CRC_OFFSET = 40;
    static final int RESERVED_OFFSET = 44;

    /** A checksum is taken in runs of this size, because a byte buffer cannot span 2 GiB. */
    static final long CHECKSUM_RUN = 1 << 20;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private FrameLayout() {}

    /**
     * Returns the payload's part of a frame.
     *
     * @param frame header and payload
     * @return a view of all that follows the header
     */
    public static MemorySegment payload(MemorySegment frame) {
        return frame.asSlice(HEADER_BYTES);
    }

    /**
     * Writes the header in front of a payload that is already in place.
     *
     * @param frame header and payload, exactly
     * @param header the header to write; its payload length must be the frame's
     */
    public static void seal(MemorySegment frame, FrameHeader header) {
        if (header.payloadBytes() < 0 || frame.byteSize() - HEADER_BYTES != header.payloadBytes()) {
            throw new IllegalArgumentException("frame of " + frame.byteSize() + " bytes for a payload of "
                    + header.payloadBytes() + "; it must be the payload and " + HEADER_BYTES + " bytes more");
        }
        if (header.rank() < 0 || header.rank() > 0xFFFF) {
            throw new IllegalArgumentException("rank " + header.rank() + " is not within 0 to 65535");
        }
        frame.set(INT, MAGIC_OFFSET, MAGIC);
        frame.set(SHORT, VERSION_OFFSET, (short) VERSION);
        frame.set(SHORT, RANK_OFFSET, (short) header.rank());
        frame.set(LONG, SEQUENCE_OFFSET, header.sequence());
        frame.set(INT, LAYER_OFFSET, header.layer());
        frame.set(INT, FORMAT_OFFSET, header.formatId());
        frame.set(INT, ROWS_OFFSET, header.rows());
        frame.set(INT, COLUMNS_OFFSET, header.columns());
        frame.set(LONG, PAYLOAD_LENGTH_OFFSET, header.payloadBytes());
        frame.set(INT, CRC_OFFSET, checksum(frame));
        frame.set(INT, RESERVED_OFFSET, 0);
    }

    /**
     * Validates a received frame and returns its header.
     *
     * @param frame header and payload as received
     * @param sender rank that the transport received it from, for the error message
     * @param receiver rank that received it, for the error message
     * @return the header, which agrees with the frame's size and checksum
     * @throws InterconnectException if the frame is too short, has another magic or version, its length differs from
     *     the header's, its checksum differs, or its reserved word is not 0
     */
    public static FrameHeader open(MemorySegment frame, int sender, int receiver) {
        long bytes = frame.byteSize();
        if (bytes < HEADER_BYTES) {
            throw rejected(sender, receiver, bytes + " bytes; a header has " + HEADER_BYTES);
        }
        int magic = frame.get(INT, MAGIC_OFFSET);
        if (magic != MAGIC) {
            throw rejected(sender, receiver, "magic " + hex(magic) + " in place of " + hex(MAGIC));
        }
        int version = Short.toUnsignedInt(frame.get(SHORT, VERSION_OFFSET));
        if (version != VERSION) {
            throw rejected(
                    sender, receiver, "version " + version + ", and rank " + receiver + " reads version " + VERSION);
        }
        long payloadBytes = frame.get(LONG, PAYLOAD_LENGTH_OFFSET);
        if (payloadBytes != bytes - HEADER_BYTES) {
            throw rejected(
                    sender,
                    receiver,
                    "payload length " + payloadBytes + ", and " + (bytes - HEADER_BYTES) + " bytes of payload arrived");
        }
        int found = frame.get(INT, CRC_OFFSET);
        int computed = checksum(frame);
        if (found != computed) {
            throw rejected(sender, receiver, "CRC32C " + hex(found) + ", and its bytes give " + hex(computed));
        }
        int reserved = frame.get(INT, RESERVED_OFFSET);
        if (reserved != 0) {
            throw rejected(sender, receiver, "reserved word " + hex(reserved) + " in place of 0");
        }
        return new FrameHeader(
                Short.toUnsignedInt(frame.get(SHORT, RANK_OFFSET)),
                frame.get(LONG, SEQUENCE_OFFSET),
                frame.get(INT, LAYER_OFFSET),
                frame.get(INT, FORMAT_OFFSET),
                frame.get(INT, ROWS_OFFSET),
                frame.get(INT, COLUMNS_OFFSET),
                payloadBytes);
    }

    static InterconnectException rejected(int sender, int receiver, String what) {
        return new InterconnectException("the frame from rank " + sender + " to rank " + receiver + " has " + what);
    }

    private static String hex(int word) {
        return "0x%08x".formatted(word);
    }

    private static int checksum(MemorySegment frame) {
        CRC32C crc = new CRC32C();
        crc.update(frame.asSlice(0, CRC_OFFSET).asByteBuffer());
        for (long at = HEADER_BYTES; at < frame.byteSize(); at += CHECKSUM_RUN) {
            long run = Math.min(CHECKSUM_RUN, frame.byteSize() - at);
            crc.update(frame.asSlice(at, run).asByteBuffer());
        }
        return (int) crc.getValue();
    }
}
