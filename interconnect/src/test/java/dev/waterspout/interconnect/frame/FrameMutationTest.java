package dev.waterspout.interconnect.frame;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Frames with seeded damage: each is refused, unless the damage left every byte as it was. Payloads are not empty. */
class FrameMutationTest {
    private static final int FRAMES = 100_000;
    private static final int MOST_PAYLOAD = 200;

    /** Kinds of damage. */
    private enum Damage {
        BITS,
        BYTES,
        WORD_AT_AN_EDGE,
        CUT,
        EXTENDED,
        PARTS_EXCHANGED,
        HEADER_OF_ANOTHER;

        byte[] apply(byte[] frame, byte[] other, SplittableRandom random) {
            byte[] damaged = frame.clone();
            int at = random.nextInt(frame.length);
            switch (this) {
                case BITS -> {
                    for (int i = random.nextInt(1, 9); i > 0; i--) {
                        damaged[random.nextInt(frame.length)] ^= (byte) (1 << random.nextInt(8));
                    }
                }
                case BYTES -> random.nextBytes(damaged);
                case WORD_AT_AN_EDGE -> {
                    int[] edges = {0, -1, 1, Integer.MAX_VALUE, Integer.MIN_VALUE, frame.length};
                    int edge = edges[random.nextInt(edges.length)];
                    for (int i = 0; i < Integer.BYTES; i++) {
                        damaged[(at / Integer.BYTES * Integer.BYTES + i) % frame.length] = (byte) (edge >> (8 * i));
                    }
                }
                case CUT -> damaged = Arrays.copyOf(frame, at);
                case EXTENDED -> damaged = Arrays.copyOf(frame, frame.length + 1 + at);
                case PARTS_EXCHANGED -> {
                    System.arraycopy(frame, at, damaged, 0, frame.length - at);
                    System.arraycopy(frame, 0, damaged, frame.length - at, at);
                }
                case HEADER_OF_ANOTHER -> System.arraycopy(other, 0, damaged, 0, FrameLayout.HEADER_BYTES);
            }
            return damaged;
        }
    }

    @Test
    void damagedFramesAreRefused() {
        SplittableRandom random = new SplittableRandom(1);
        Map<Damage, Integer> refused = new EnumMap<>(Damage.class);
        Damage[] damages = Damage.values();
        for (int i = 0; i < FRAMES; i++) {
            byte[] frame = frame(random);
            byte[] damaged = damages[i % damages.length].apply(frame, frame(random), random);
            if (!Arrays.equals(frame, damaged)) {
                assertRefused(damaged);
                refused.merge(damages[i % damages.length], 1, Integer::sum);
            }
        }
        assertThat(refused).hasSize(damages.length);
        assertThat(refused.values()).allSatisfy(count -> assertThat(count).isGreaterThan(FRAMES / damages.length / 2));
    }

    private static byte[] frame(SplittableRandom random) {
        byte[] frame = new byte[FrameLayout.HEADER_BYTES + random.nextInt(1, MOST_PAYLOAD)];
        random.nextBytes(frame);
        int payload = frame.length - FrameLayout.HEADER_BYTES;
        int layer = random.nextInt(FrameHeader.CONTROL, 80);
        FrameLayout.seal(
                MemorySegment.ofArray(frame),
                new FrameHeader(random.nextInt(8), random.nextInt(1 << 20), layer, 3, 1, payload, payload));
        return frame;
    }

    private static void assertRefused(byte[] damaged) {
        try {
            FrameLayout.open(MemorySegment.ofArray(damaged), 1, 0);
        } catch (InterconnectException refused) {
            if (!String.valueOf(refused.getMessage()).startsWith("the frame from rank 1 to rank 0 has ")) {
                throw new AssertionError(refused.getMessage(), refused);
            }
            return;
        }
        throw new AssertionError("a damaged frame was accepted: " + Arrays.toString(damaged));
    }
}
