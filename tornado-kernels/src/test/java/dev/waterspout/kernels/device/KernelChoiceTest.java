package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.weights.DeviceTables;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Kernel shapes, their classes, and the choices for them. */
class KernelChoiceTest {
    private static final DeviceLimits LARGE = new DeviceLimits(1024, 1024, 1024, 48 << 10, 8);
    private static final WireFormat MX = WireFormat.parse("e2m1:32:e8m0");

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "3, 4", "2048, 2048", "2049, 4096", "32000, 32768", "2147483647, 1073741824"})
    void aClassHasPowersOfTwo(int size, int rounded) {
        KernelShape shape = KernelShape.linear(WeightFormat.Q8_0, size, 5632, 1);

        assertThat(shape.shapeClass()).isEqualTo(KernelShape.linear(WeightFormat.Q8_0, rounded, 8192, 1));
        assertThat(shape.shapeClass().shapeClass()).isEqualTo(shape.shapeClass());
    }

    @Test
    void shapesDescribeThemselves() {
        assertThat(KernelShape.linear(WeightFormat.Q8_0, 256, 768, 1).label())
                .isEqualTo("linear q8_0 256 x 768, 1 token");
        assertThat(KernelShape.attention(32, 64, 512).label()).isEqualTo("attention f32 32 heads of 64, 512 tokens");
        assertThat(KernelShape.quantize(MX, 256, 2).label()).isEqualTo("quantize e2m1:32:e8m0 256 columns, 2 tokens");
        assertThat(KernelShape.dequantizeSum(MX, 4, 256, 2).label())
                .isEqualTo("dequantize-sum e2m1:32:e8m0 4 ranks, 256 columns, 2 tokens");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KernelShape.attention(0, 64, 1))
                .withMessageContaining("outer=0");
    }

    @ParameterizedTest
    @EnumSource(KernelVariant.class)
    void choicesBeyondTheGroupLimitAreNoCandidates(KernelVariant variant) {
        KernelShape shape = KernelShape.linear(WeightFormat.F16, 64, 64, 64);
        KernelDevice small = new KernelDevice(variant, new DeviceLimits(64, 64, 64, 48 << 10, 8));

        List<KernelChoice> choices = KernelCandidates.of(shape, small);

        assertThat(choices.stream().skip(1)).isNotEmpty().allMatch(choice -> choice.local() <= 64);
        assertThat(choices.stream().skip(1).map(KernelChoice::cut)).doesNotContain(KernelCut.TILE);
        assertThat(KernelCandidates.problem(shape, new KernelChoice(KernelCut.TILE, 4, 16), small))
                .hasValueSatisfying(why -> assertThat(why)
                        .isEqualTo("'tile x4, groups of 16 x 16' does not fit the device, whose groups have at most 64"
                                + " items"));
    }

    @Test
    void localMemoryLimitsGroupsAndTiles() {
        KernelShape shape = KernelShape.linear(WeightFormat.F16, 64, 64, 64);
        KernelDevice none = new KernelDevice(KernelVariant.ITEMS, new DeviceLimits(1024, 1024, 1024, 0, 8));

        assertThat(KernelCandidates.of(shape, none)).isNotEmpty().allMatch(choice -> choice.cut() == KernelCut.PLAIN);
    }

    @Test
    void aChoiceWithoutAKernelIsRefused() {
        KernelShape shape = KernelShape.linear(WeightFormat.F32, 64, 64, 64);
        KernelChoice runs = new KernelChoice(KernelCut.PLAIN, 4, 8);
        KernelDevice device = new KernelDevice(KernelVariant.ITEMS, LARGE);

        assertThat(KernelCandidates.problem(shape, runs, device))
                .hasValueSatisfying(why -> assertThat(why)
                        .startsWith("there is no linear f32 64 x 64, 64 tokens by 'plain x4, groups of 8'; there"
                                + " are plain"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> device.with(_ -> Optional.of(runs)).choice(shape))
                .withMessageContaining("there is no linear f32");
        // One token has neither runs nor tiles of tokens.
        KernelShape one = KernelShape.linear(WeightFormat.Q8_0, 64, 64, 1);
        assertThat(KernelCandidates.of(one, device))
                .noneMatch(choice -> choice.perItem() > 1 || choice.cut() == KernelCut.TILE);
    }

    @Test
    void aGraphRunsTheChosenKernel() {
        KernelChoice chosen = new KernelChoice(KernelCut.GROUP, 1, 32);
        KernelDevice device = new KernelDevice(KernelVariant.GROUPS, LARGE)
                .with(shape -> shape.equals(KernelShape.attention(4, 16, 1)) ? Optional.of(chosen) : Optional.empty());

        assertThat(device.choice(KernelShape.attention(4, 16, 1))).isEqualTo(chosen);
        assertThat(device.choice(KernelShape.attention(4, 16, 2)))
                .isEqualTo(new KernelChoice(KernelCut.SPLIT, 128, 64));
        KernelGraph graph = new KernelGraph(
                "g",
                device.with(_ -> Optional.of(new KernelChoice(KernelCut.PLAIN, 7, 4))),
                1,
                Step.allocate(),
                DeviceTables.create());
        DeviceCache cache = new DeviceCache(new FloatArray(64), new FloatArray(64), 2, 2, 16);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph.attention(
                        "a",
                        cache,
                        new RowPlaces(cache, 1, 1),
                        4,
                        Operands.scoring(cache, 4),
                        new FloatArray(64),
                        new FloatArray(64)))
                .withMessageContaining("plain x7");
    }

    @Test
    void gpusAreNotOfferedTheKernelsOfCpus() {
        KernelDevice gpu = new KernelDevice(KernelVariant.GROUPS, LARGE);
        KernelDevice cpu = new KernelDevice(KernelVariant.ITEMS, LARGE);
        KernelShape attention = KernelShape.attention(4, 16, 1);
        KernelShape product = KernelShape.linear(WeightFormat.Q8_0, 64, 64, 9);

        assertThat(KernelCandidates.of(attention, gpu)).noneMatch(choice -> choice.cut() == KernelCut.PLAIN);
        assertThat(KernelCandidates.of(attention, cpu)).anyMatch(choice -> choice.cut() == KernelCut.PLAIN);
        assertThat(KernelCandidates.of(product, gpu)).noneMatch(KernelChoiceTest::isOfRuns);
        assertThat(KernelCandidates.of(product, cpu)).anyMatch(KernelChoiceTest::isOfRuns);
    }

    private static boolean isOfRuns(KernelChoice choice) {
        return choice.cut() == KernelCut.PLAIN && choice.perItem() > 1;
    }

    @Test
    void blocksOfAFormatFillWholeBytesOfScales() {
        KernelDevice device = new KernelDevice(KernelVariant.GROUPS, LARGE);

        assertThat(blockElements("e2m1:32:e8m0", device)).isEqualTo(32);
        assertThat(blockElements("e2m1:16:e5m0", device)).isEqualTo(128);
        assertThat(blockElements("e2m1:64:e4m0", device)).isEqualTo(128);
        assertThat(KernelCandidates.of(KernelShape.quantize(WireFormat.parse("bf16"), 64, 1), device))
                .allMatch(choice -> choice.cut() == KernelCut.PLAIN && choice.perItem() == 1);
    }

    private static int blockElements(String format, KernelDevice device) {
        return KernelCandidates.of(KernelShape.quantize(WireFormat.parse(format), 512, 1), device).stream()
                .filter(choice -> choice.cut() == KernelCut.BLOCK)
                .mapToInt(KernelChoice::perItem)
                .findFirst()
                .orElseThrow();
    }
}
