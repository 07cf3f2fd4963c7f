package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The results of collectives, computed by scalar code over whole arrays. */
final class ReferenceSums {
    private ReferenceSums() {}

    /** {@return an array of rows after encoding and decoding} */
    static float[] travel(WireFormat format, float[] values, int columns) {
        PartialCodec codec = PartialCodec.reference(format);
        int rows = values.length / columns;
        MemorySegment packed = Arena.ofAuto().allocate(format.encodedBytes(rows, columns));
        codec.encode(Floats.segment(values), rows, columns, packed);
        MemorySegment decoded = Floats.segment(new float[values.length]);
        codec.decode(packed, rows, columns, decoded);
        return Floats.array(decoded);
    }

    /** {@return the sum of all decoded partials, in rank order; the partial of a single rank stays exact} */
    static float[] sum(WireFormat format, float[][] partials, int columns) {
        float[] sum = partials.length == 1 ? partials[0].clone() : travel(format, partials[0], columns);
        for (int rank = 1; rank < partials.length; rank++) {
            add(sum, travel(format, partials[rank], columns));
        }
        return sum;
    }

    /** Adds the second array to the first. */
    static float[] add(float[] sum, float[] values) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += values[i];
        }
        return sum;
    }
}
