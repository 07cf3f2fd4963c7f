package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.weights.DeviceTables;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Compares the tokens that a device selects with the sorted logits. */
class TopLogitsTest {
    private static final List<Double> TEMPERATURES = List.of(1.0, 0.7);

    static Stream<Arguments> cases() {
        return TestDevice.ofEachKind()
                .filter(device -> device.kernels().variant() == KernelVariant.GROUPS)
                .flatMap(device -> Stream.of(1, 63, 700).map(columns -> Arguments.of(device, columns)));
    }

    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind().filter(device -> device.kernels().variant() == KernelVariant.GROUPS);
    }

    /** {@return logits of which many are equal} */
    private static FloatArray logits(int rows, int columns) {
        Random random = new Random(columns);
        FloatArray logits = new FloatArray(rows * columns);
        for (int i = 0; i < logits.getSize(); i++) {
            logits.set(i, Math.round(8 * random.nextGaussian()) / 2f);
        }
        return logits;
    }

    private static void run(TestDevice device, TopLogits top, FloatArray logits, int maxRows, int rows) {
        IntArray step = Operands.step(0, rows);
        KernelGraph graph = new KernelGraph("top", device.kernels(), maxRows, step, DeviceTables.create());
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, logits, top.requests(), top.answers());
        top.addTo(graph, "top", logits);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, top.answers());
        device.run(graph);
    }

    /** Checks the answers about the first tokens of a row. */
    private static void check(TopLogits top, FloatArray logits, int columns, int row, int tokens, int depth) {
        assertThat(top.isFinite(row)).isTrue();
        for (int group = 0; group < top.groups(); group++) {
            int from = group;
            List<Integer> sorted = IntStream.range(0, tokens)
                    .filter(token -> token % top.groups() == from)
                    .boxed()
                    .sorted((a, b) -> {
                        int byLogit = Float.compare(logits.get(row * columns + b), logits.get(row * columns + a));
                        return byLogit == 0 ? a - b : byLogit;
                    })
                    .toList();
            int selected = Math.min(depth, sorted.size());
            assertThat(top.selected(row, group)).isEqualTo(selected);
            assertThat(top.hasMore(row, group)).isEqualTo(sorted.size() > depth);
            for (int place = 0; place < selected; place++) {
                assertThat(top.token(row, group, place)).isEqualTo(sorted.get(place));
                assertThat(top.logit(row, group, place)).isEqualTo(logits.get(row * columns + sorted.get(place)));
            }
            if (!sorted.isEmpty()) {
                assertThat(top.least(row, group)).isEqualTo(logits.get(row * columns + sorted.getLast()));
                float largest = logits.get(row * columns + sorted.getFirst());
                for (int i = 0; i < TEMPERATURES.size(); i++) {
                    double temperature = TEMPERATURES.get(i);
                    double expected = sorted.stream()
                            .mapToDouble(token -> Math.exp((logits.get(row * columns + token) - largest) / temperature))
                            .sum();
                    assertThat((double) top.sum(row, group, i))
                            .isCloseTo(expected, within(TopLogits.SUM_ERROR * expected));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void groupsSelectTheirLargestLogits(TestDevice device, int columns) {
        FloatArray logits = logits(3, columns);
        TopLogits top = new TopLogits(3, columns, Math.ceilDiv(columns, 200));
        int tokens = Math.max(1, columns - 7);
        top.request(0, columns, 1, TEMPERATURES);
        top.request(1, tokens, TopLogits.DEPTH, TEMPERATURES);
        run(device, top, logits, 3, 2);
        check(top, logits, columns, 0, columns, 1);
        check(top, logits, columns, 1, tokens, TopLogits.DEPTH);
        assertThat(top.sum(2, 0, 0)).as("the third row is not of the pass").isZero();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void logitsThatAreNotFiniteAreNoticed(TestDevice device) {
        int columns = 700;
        float[] bad = {Float.NaN, Float.intBitsToFloat(0xffc00000), Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        FloatArray logits = logits(bad.length + 1, columns);
        TopLogits top = new TopLogits(bad.length + 1, columns);
        for (int row = 0; row <= bad.length; row++) {
            if (row < bad.length) {
                logits.set(row * columns + 100 * row, bad[row]);
            }
            top.request(row, columns - 1, 1, List.of());
        }
        logits.set((bad.length + 1) * columns - 1, Float.NaN); // beyond the tokens that count
        run(device, top, logits, bad.length + 1, bad.length + 1);
        for (int row = 0; row <= bad.length; row++) {
            assertThat(top.isFinite(row)).as("row %s", row).isEqualTo(row == bad.length);
        }
    }

    @Test
    void refusesWhatItCannotSelect() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TopLogits(1, TopLogits.MOST_COLUMNS + 1))
                .withMessage("rows of 16777217 logits; the selection takes 1 to 16777216");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TopLogits(1, 100).request(0, 101, 9, List.of()))
                .withMessage("a request for 9 of 101 tokens with 0 temperatures; at most 8 of 100 with 2");
    }

    @Test
    void answersAreAFractionOfTheLogits() {
        assertThat(TopLogits.answerFloats(32_000)).isEqualTo(128 * 20);
        assertThat(TopLogits.answerFloats(128_256)).isEqualTo(128 * 20);
        assertThat(TopLogits.elements(2, 640)).isEqualTo(2 * (4 + 10 * 20));
    }
}
