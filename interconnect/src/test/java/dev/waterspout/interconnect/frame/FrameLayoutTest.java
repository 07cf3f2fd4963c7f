package dev.waterspout.interconnect.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameLayoutTest {
    private static final int SENDER = 3;
    private static final int RECEIVER = 5;
    private static final FrameHeader HEADER = new FrameHeader(SENDER, 77, 12, 0x1234_5678, 2, 29, 61);

    @ParameterizedTest
    @MethodSource("headers")
    void readsTheWrittenHeader(FrameHeader header) {
        assertThat(FrameLayout.open(sealed(header), SENDER, RECEIVER)).isEqualTo(header);
    }

    static Stream<FrameHeader> headers() {
        return Stream.of(
                HEADER,
                new FrameHeader(0, 0, FrameHeader.LOGITS, 1, 1, 1, 0),
                new FrameHeader(0xFFFF, Long.MAX_VALUE, Integer.MAX_VALUE, -1, Integer.MAX_VALUE, 1, 1),
                new FrameHeader(0x8000, Long.MIN_VALUE, Integer.MIN_VALUE, 0x8000_0000, 1, Integer.MAX_VALUE, 4096));
    }

    @ParameterizedTest
    @MethodSource("headers")
    void hasTheDocumentedLayout(FrameHeader header) {
        MemorySegment frame = sealed(header);
        byte[] bytes = frame.toArray(ValueLayout.JAVA_BYTE);
        ByteBuffer expected = ByteBuffer.allocate(bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        expected.put(new byte[] {'W', 'S', 'P', 'T'}).putShort((short) 1).putShort((short) header.rank());
        expected.putLong(header.sequence()).putInt(header.layer()).putInt(header.formatId());
        expected.putInt(header.rows()).putInt(header.columns()).putLong(header.payloadBytes());
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, 40);
        crc.update(bytes, 48, bytes.length - 48);
        expected.putInt((int) crc.getValue()).putInt(0);
        expected.put(payload(header.payloadBytes()));
        assertThat(bytes).isEqualTo(expected.array());
    }

    @Test
    void payloadFollowsTheHeader() {
        MemorySegment frame = sealed(HEADER);
        assertThat(FrameLayout.HEADER_BYTES).isEqualTo(48);
        assertThat(FrameLayout.payload(frame).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(payload(61));
        assertThat(FrameLayout.payload(frame).address() - frame.address()).isEqualTo(48);
    }

    @Test
    void refusesEveryTruncation() {
        MemorySegment frame = sealed(HEADER);
        for (long length = 0; length < frame.byteSize(); length++) {
            refuses(frame.asSlice(0, length));
        }
    }

    @Test
    void refusesAFrameLongerThanTheLengthInItsHeader() {
        MemorySegment longer = Arena.ofAuto().allocate(sealed(HEADER).byteSize() + 1);
        longer.copyFrom(sealed(HEADER));
        assertThat(refuses(longer)).contains("payload length 61").contains("62 bytes");
    }

    @Test
    void refusesEveryFlippedBit() {
        MemorySegment frame = sealed(HEADER);
        for (long bit = 0; bit < frame.byteSize() * 8; bit++) {
            flip(frame, bit);
            refuses(frame);
            flip(frame, bit);
        }
        assertThat(FrameLayout.open(frame, SENDER, RECEIVER)).isEqualTo(HEADER);
    }

    @Test
    void checksumsEveryRunOfALongPayload() {
        long payloadBytes = 2 * FrameLayout.CHECKSUM_RUN + 17;
        MemorySegment frame = sealed(new FrameHeader(SENDER, 0, 0, 1, 1, 1, payloadBytes));
        for (long at : new long[] {0, FrameLayout.CHECKSUM_RUN - 1, FrameLayout.CHECKSUM_RUN, payloadBytes - 1}) {
            long bit = (FrameLayout.HEADER_BYTES + at) * 8;
            flip(frame, bit);
            assertThat(refuses(frame)).contains("CRC32C");
            flip(frame, bit);
        }
        FrameLayout.open(frame, SENDER, RECEIVER);
    }

    @Test
    void namesAWrongMagicVersionChecksumAndReservedWord() {
        assertThat(refuses(with(FrameLayout.MAGIC_OFFSET, 0x57535054))).contains("magic 0x57535054", "0x54505357");
        assertThat(refuses(with(FrameLayout.VERSION_OFFSET, SENDER << 16 | 2))).contains("version 2", "version 1");
        assertThat(refuses(with(FrameLayout.CRC_OFFSET, 0x0badcafe))).contains("CRC32C 0x0badcafe");
        assertThat(refuses(with(FrameLayout.RESERVED_OFFSET, 7))).contains("reserved word 0x00000007");
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                0,
                60,
                62,
                109,
                -1,
                -48,
                Long.MIN_VALUE,
                1L << 31,
                1L << 32 | 61,
                1L << 40,
                1L << 62,
                Long.MAX_VALUE - 47,
                Long.MAX_VALUE
            })
    void refusesAPayloadLengthThatDiffersFromTheFrame(long claimed) {
        MemorySegment frame = sealed(HEADER);
        frame.set(ValueLayout.JAVA_LONG_UNALIGNED, FrameLayout.PAYLOAD_LENGTH_OFFSET, claimed);
        refuses(frame);
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = thread.getCurrentThreadAllocatedBytes();
        String message = refuses(frame);
        assertThat(thread.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
        assertThat(message).contains("payload length " + claimed, "61 bytes");
    }

    @Test
    void refusesFramesOfRandomBytes() {
        Random random = new Random(11);
        for (int i = 0; i < 2_000; i++) {
            byte[] noise = new byte[random.nextInt(120)];
            random.nextBytes(noise);
            MemorySegment frame =
                    Arena.ofAuto().allocate(Math.max(1, noise.length)).asSlice(0, noise.length);
            refuses(frame.copyFrom(MemorySegment.ofArray(noise)));
        }
    }

    @Test
    void sealsOnlyFramesOfTheRightSize() {
        MemorySegment frame = Arena.ofAuto().allocate(48 + 61);
        for (long bytes : new long[] {60, 62, -1, -49, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FrameLayout.seal(frame, new FrameHeader(0, 0, 0, 1, 1, 1, bytes)))
                    .withMessageContaining("payload of " + bytes);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FrameLayout.seal(frame.asSlice(0, 40), new FrameHeader(0, 0, 0, 1, 1, 1, -8)))
                .withMessageContaining("payload of -8");
        for (int rank : new int[] {-1, 65536}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FrameLayout.seal(frame, new FrameHeader(rank, 0, 0, 1, 1, 1, 61)))
                    .withMessageContaining("rank " + rank);
        }
        assertThat(frame.mismatch(Arena.ofAuto().allocate(48 + 61))).isEqualTo(-1);
    }

    static String refuses(MemorySegment frame) {
        InterconnectException[] thrown = new InterconnectException[1];
        assertThatExceptionOfType(InterconnectException.class)
                .isThrownBy(() -> FrameLayout.open(frame, SENDER, RECEIVER))
                .satisfies(e -> thrown[0] = e);
        String message = String.valueOf(thrown[0].getMessage());
        assertThat(message).startsWith("the frame from rank 3 to rank 5 has ").doesNotContain("\n");
        return message;
    }

    private static MemorySegment with(int offset, int word) {
        MemorySegment frame = sealed(HEADER);
        frame.set(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), offset, word);
        return frame;
    }

    private static void flip(MemorySegment frame, long bit) {
        byte old = frame.get(ValueLayout.JAVA_BYTE, bit >>> 3);
        frame.set(ValueLayout.JAVA_BYTE, bit >>> 3, (byte) (old ^ 1 << (bit & 7)));
    }

    /** A frame at an odd address, so that nothing depends on alignment. */
    static MemorySegment sealed(FrameHeader header) {
        MemorySegment frame =
                Arena.ofAuto().allocate(49 + header.payloadBytes(), 16).asSlice(1);
        FrameLayout.payload(frame).copyFrom(MemorySegment.ofArray(payload(header.payloadBytes())));
        FrameLayout.seal(frame, header);
        return frame;
    }

    private static byte[] payload(long bytes) {
        byte[] payload = new byte[(int) bytes];
        new Random(bytes).nextBytes(payload);
        return payload;
    }
}
