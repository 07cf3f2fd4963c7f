package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** The inputs of the codec tests, for other implementations of the same formats. */
public final class CodecSamples {
    private CodecSamples() {}

    /** One row of hard inputs of the reference data (little-endian f32), and its format. */
    public record Case(String name, MxFormat format, MemorySegment input) {}

    /** {@return the inputs of the reference data; the calling test is skipped if the data is missing} */
    public static List<Case> referenceCases() {
        return ReferenceVectors.load().stream()
                .map(vectors -> new Case(
                        vectors.file(),
                        vectors.format(),
                        vectors.data().asSlice(0, vectors.data().byteSize() / 2)))
                .toList();
    }

    /** {@return every combination of element, block, scale, rounding and rule} */
    public static List<MxFormat> formats() {
        return Samples.formats().toList();
    }

    /** {@return combinations of element, block, scale, rounding and rule in which every pair of two of them occurs} */
    public static List<MxFormat> pairwiseFormats() {
        return Samples.pairwiseFormats();
    }

    /**
     * {@return finite values like those of partials, with additional extremes}
     *
     * @param seed of the random numbers
     * @param count number of values
     */
    public static float[] heavyTailed(long seed, int count) {
        return Samples.heavyTailed(seed, count);
    }
}
