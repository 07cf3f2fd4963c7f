package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** A received frame of arbitrary bytes is accepted or refused; an accepted frame has exactly one encoding. */
class FrameFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void isAcceptedOrRefused(byte[] bytes) {
        MemorySegment frame = MemorySegment.ofArray(bytes);
        try {
            FrameHeader header = FrameLayout.open(frame, 1, 0);
            assertThat(header.payloadBytes())
                    .isEqualTo(FrameLayout.payload(frame).byteSize());
            sealsToTheSameBytes(bytes, header);
        } catch (InterconnectException refused) {
            assertThat(refused.getMessage()).startsWith("the frame from rank 1 to rank 0 has ");
            sealed(bytes);
        }
    }

    /** Random bytes have no valid checksum, so they are also sent as the payload of a valid frame. */
    private static void sealed(byte[] bytes) {
        byte[] whole = new byte[FrameLayout.HEADER_BYTES + bytes.length];
        System.arraycopy(bytes, 0, whole, FrameLayout.HEADER_BYTES, bytes.length);
        FrameHeader header = new FrameHeader(
                bytes.length, Arrays.hashCode(bytes), FrameHeader.LOGITS, bytes.length, 1, bytes.length, bytes.length);
        FrameLayout.seal(MemorySegment.ofArray(whole), header);
        assertThat(FrameLayout.open(MemorySegment.ofArray(whole), 1, 0)).isEqualTo(header);
    }

    private static void sealsToTheSameBytes(byte[] bytes, FrameHeader header) {
        MemorySegment again = MemorySegment.ofArray(bytes.clone());
        FrameLayout.seal(again, header);
        assertThat(again.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    }
}
