package dev.waterspout.engine.lab.search;

import dev.waterspout.kernels.codec.ElementType;
import dev.waterspout.kernels.codec.IntegerFormat;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.Rounding;
import dev.waterspout.kernels.codec.ScaleRule;
import dev.waterspout.kernels.codec.ScaleType;
import dev.waterspout.kernels.codec.TopKFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** The formats that the search chooses from. */
final class FormatSpace {
    private static final int[] BLOCKS = {8, 16, 32, 64, 128};

    private FormatSpace() {}

    /** {@return every block format: element types x block sizes x scale types x rules} */
    static List<WireFormat> blocks() {
        List<WireFormat> all = new ArrayList<>();
        for (ElementType element : ElementType.values()) {
            for (int block : BLOCKS) {
                for (ScaleType scale : ScaleType.values()) {
                    for (ScaleRule rule : ScaleRule.values()) {
                        all.add(new MxFormat(element, block, scale, rule, Rounding.EVEN));
                    }
                }
            }
        }
        return all;
    }

    /**
     * Returns the baselines for block formats: bf16, one scale per channel or token, and TopK at the same number of
     * bytes.
     *
     * @param bits bits per element that TopK may take
     * @param width width of the model
     */
    static List<WireFormat> baselines(double bits, int width) {
        List<WireFormat> all = new ArrayList<>();
        all.add(PlainFormat.BF16);
        for (IntegerFormat.Axis axis : IntegerFormat.Axis.values()) {
            all.add(new IntegerFormat(4, axis));
            all.add(new IntegerFormat(8, axis));
        }
        IntStream.rangeClosed(1, width)
                .mapToObj(TopKFormat::new)
                .filter(topK -> topK.bitsPerElement(width) <= bits)
                .findFirst()
                .ifPresent(all::add);
        return all;
    }
}
