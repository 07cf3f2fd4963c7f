package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/** Values and segments of the collectives' tests. */
final class Floats {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Floats() {}

    /** {@return Gaussian values of changing magnitude, with outliers and zeros} */
    static float[] random(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            double gaussian = random.nextGaussian();
            values[i] = (float)
                    switch (random.nextInt(12)) {
                        case 0 -> gaussian * 1e4;
                        case 1 -> gaussian * 1e-6;
                        case 2 -> 0;
                        default -> gaussian;
                    };
        }
        return values;
    }

    /** {@return an off-heap segment with these values, at an odd address} */
    static MemorySegment segment(float... values) {
        MemorySegment segment = Arena.ofAuto()
                .allocate((long) values.length * Float.BYTES + 1, 16)
                .asSlice(1);
        MemorySegment.copy(values, 0, segment, F32, 0, values.length);
        return segment;
    }

    static float[] array(MemorySegment segment) {
        float[] values = new float[(int) (segment.byteSize() / Float.BYTES)];
        MemorySegment.copy(segment, F32, 0, values, 0, values.length);
        return values;
    }

    /** Asserts that all bits are equal except the payloads of NaNs. */
    static void assertSame(MemorySegment actual, float[] expected, String what) {
        float[] values = array(actual);
        if (values.length != expected.length) {
            fail("%s: %d values, not %d".formatted(what, values.length, expected.length));
        }
        for (int i = 0; i < values.length; i++) {
            if (Float.floatToIntBits(values[i]) != Float.floatToIntBits(expected[i])) {
                fail("%s: element %d is %s, not %s".formatted(what, i, values[i], expected[i]));
            }
        }
    }
}
