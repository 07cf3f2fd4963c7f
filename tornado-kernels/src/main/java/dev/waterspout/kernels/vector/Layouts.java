package dev.waterspout.kernels.vector;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Little-endian, unaligned layouts of files and activations. */
public final class Layouts {
    public static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    public static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
    public static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ORDER);
    public static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);
    public static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;

    private Layouts() {}

    /** Bytes of {@code count} f32 values. */
    public static long floats(long count) {
        return count * Float.BYTES;
    }
}
