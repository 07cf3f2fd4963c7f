package dev.waterspout.kernels.codec;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the text of a format. */
final class FormatText {
    private static final int DEFAULT_BLOCK = 32;
    private static final List<Integer> BLOCKS = Stream.iterate(
                    MxFormat.MIN_BLOCK, block -> block <= MxFormat.MAX_BLOCK, block -> block * 2)
            .toList();

    private FormatText() {}

    static WireFormat parse(String text) {
        return read(text.toLowerCase(Locale.ROOT))
                .orElseThrow(() -> new IllegalArgumentException("wire format '" + text
                        + "' is not f32, bf16 or <element>[:block[:scale[:rule]]] with an element of "
                        + list(ElementType.values(), ElementType::label) + ", a block of "
                        + list(BLOCKS.toArray(), Object::toString) + ", a scale of "
                        + list(ScaleType.values(), ScaleType::label) + " and a rule of "
                        + list(ScaleRule.values(), ScaleRule::label)));
    }

    private static Optional<? extends WireFormat> read(String text) {
        Optional<PlainFormat> plain = find(PlainFormat.values(), PlainFormat::label, text);
        if (plain.isPresent()) {
            return plain;
        }
        // Keeps empty parts, so that "e2m1:" is refused.
        String[] parts = text.split(":", -1);
        if (parts.length > 4) {
            return Optional.empty();
        }
        Optional<ElementType> element = find(ElementType.values(), ElementType::label, parts[0]);
        Optional<Integer> block = parts.length < 2
                ? Optional.of(DEFAULT_BLOCK)
                : find(BLOCKS.toArray(Integer[]::new), Object::toString, parts[1]);
        Optional<ScaleType> scale =
                parts.length < 3 ? Optional.of(ScaleType.E8M0) : find(ScaleType.values(), ScaleType::label, parts[2]);
        Optional<ScaleRule> rule =
                parts.length < 4 ? Optional.of(ScaleRule.FLOOR) : find(ScaleRule.values(), ScaleRule::label, parts[3]);
        return element.flatMap(e ->
                block.flatMap(b -> scale.flatMap(s -> rule.map(r -> new MxFormat(e, b, s, r, Rounding.EVEN)))));
    }

    private static <T> Optional<T> find(T[] values, Function<? super T, String> label, String wanted) {
        return Arrays.stream(values)
                .filter(value -> label.apply(value).equals(wanted))
                .findFirst();
    }

    private static <T> String list(T[] values, Function<? super T, String> label) {
        return Arrays.stream(values).map(label).collect(Collectors.joining("|"));
    }
}
