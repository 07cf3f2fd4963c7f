package dev.waterspout.kernels.host;

import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/**
 * Products of weights and tokens: every format with some widths and some counts of tokens.
 *
 * @param formats types of the weights, with blocks of one size
 * @param columns multiples of the block size
 * @param batches counts of tokens
 */
record LinearShapes(List<WeightFormat> formats, List<Integer> columns, List<Integer> batches) {
    /**
     * {@return all types with a property, grouped by block size}
     *
     * @param columns widths for a block size
     */
    static List<LinearShapes> of(
            Predicate<WeightFormat> chosen, IntFunction<List<Integer>> columns, List<Integer> batches) {
        Map<Integer, List<WeightFormat>> formats = Stream.of(WeightFormat.values())
                .filter(chosen)
                .collect(Collectors.groupingBy(WeightFormat::blockElements, TreeMap::new, Collectors.toList()));
        return formats.entrySet().stream()
                .map(each -> new LinearShapes(each.getValue(), columns.apply(each.getKey()), batches))
                .toList();
    }

    /** {@return format, columns and tokens of all combinations} */
    static Stream<Arguments> all(List<LinearShapes> groups) {
        return groups.stream().flatMap(LinearShapes::all);
    }

    /** {@return format, columns and tokens of combinations that cover all pairs} */
    static Stream<Arguments> pairs(List<LinearShapes> groups) {
        return groups.stream().flatMap(LinearShapes::pairs);
    }

    private Stream<Arguments> all() {
        return formats.stream()
                .flatMap(format -> columns.stream()
                        .flatMap(width -> batches.stream().map(batch -> Arguments.of(format, width, batch))));
    }

    private Stream<Arguments> pairs() {
        return Pairwise.of(formats.size(), columns.size(), batches.size()).stream()
                .map(each -> Arguments.of(formats.get(each[0]), columns.get(each[1]), batches.get(each[2])));
    }
}
