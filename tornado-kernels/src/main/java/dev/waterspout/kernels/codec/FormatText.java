package dev.waterspout.kernels.codec;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the text of a format. */
final class FormatText {
    private static final int DEFAULT_BLOCK = 32;
    private static final List<Integer> BLOCKS = Stream.iterate(
                    MxFormat.MIN_BLOCK, block -> block <= MxFormat.MAX_BLOCK, block -> block * 2)
            .toList();

    private static final WireFormat[] NAMED = {
        PlainFormat.F32,
        PlainFormat.BF16,
        PlainFormat.F16,
        new IntegerFormat(4, IntegerFormat.Axis.TOKEN),
        new IntegerFormat(8, IntegerFormat.Axis.TOKEN),
        new IntegerFormat(4, IntegerFormat.Axis.CHANNEL),
        new IntegerFormat(8, IntegerFormat.Axis.CHANNEL)
    };
    /** GGML's name for blocks of 32 bytes with a half as their scale. */
    private static final String Q8_0 = "q8_0";

    private static final Pattern TOP_K = Pattern.compile("topk:([1-9]\\d{0,5})");

    private FormatText() {}

    static WireFormat parse(String text) {
        return read(text.toLowerCase(Locale.ROOT))
                .orElseThrow(() -> new IllegalArgumentException("wire format '" + text
                        + "' is not " + list(NAMED, WireFormat::label, ", ") + ", " + Q8_0
                        + ", topk:<n> or <element>[:block[:scale[:rule]]] with an element of "
                        + list(ElementType.values(), ElementType::label) + ", a block of "
                        + list(BLOCKS.toArray(), Object::toString) + ", a scale of "
                        + list(ScaleType.values(), ScaleType::label) + " and a rule of "
                        + list(ScaleRule.values(), ScaleRule::label)));
    }

    private static Optional<? extends WireFormat> read(String text) {
        Optional<WireFormat> named = find(NAMED, WireFormat::label, text);
        if (named.isPresent()) {
            return named;
        }
        if (text.equals(Q8_0)) {
            return Optional.of(MxFormat.of(ElementType.INT8, DEFAULT_BLOCK, ScaleType.F16));
        }
        Matcher topK = TOP_K.matcher(text);
        if (topK.matches() && Integer.parseInt(topK.group(1)) <= TopKFormat.MAX_KEEP_ONE_IN) {
            return Optional.of(new TopKFormat(Integer.parseInt(topK.group(1))));
        }
        return readBlocks(text);
    }

    private static Optional<MxFormat> readBlocks(String text) {
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
        return list(values, label, "|");
    }

    private static <T> String list(T[] values, Function<? super T, String> label, String between) {
        return Arrays.stream(values).map(label).collect(Collectors.joining(between));
    }
}
