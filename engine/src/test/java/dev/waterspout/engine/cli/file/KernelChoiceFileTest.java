package dev.waterspout.engine.cli.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.environment.Version;
import dev.waterspout.engine.tornado.TunableDevice;
import dev.waterspout.kernels.device.DeviceIdentity;
import dev.waterspout.kernels.device.KernelChoice;
import dev.waterspout.kernels.device.KernelCut;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.weights.WeightFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The file of kernel choices: writing and reading it, and which of its entries a device uses. */
class KernelChoiceFileTest {
    private static final KernelShape SHAPE = KernelShape.linear(WeightFormat.Q8_0, 2048, 2048, 1);
    private static final KernelChoice CHOICE = new KernelChoice(KernelCut.PLAIN, 1, 2);

    @TempDir
    private Path folder;

    private final TunableDevice device =
            TunableDevice.of(new DeviceCatalog().list().get(1).shards()).orElseThrow();
    private final List<String> notes = new ArrayList<>();

    private static KernelChoiceFile.Tuned tuned(DeviceIdentity identity, String version, KernelChoice choice) {
        return new KernelChoiceFile.Tuned(
                identity,
                version,
                Instant.parse("2026-01-02T03:04:05Z"),
                Map.of(SHAPE, new KernelChoiceFile.Kernel(choice, 70, 100)));
    }

    private KernelChoiceFile.Tuned own(KernelChoice choice) {
        return tuned(device.identity(), Version.number(), choice);
    }

    private KernelChoiceFile.Usable use(KernelChoiceFile choices) {
        return choices.choicesFor(device, notes::add);
    }

    @Test
    void readsWhatWasWritten() throws IOException {
        DeviceIdentity other = new DeviceIdentity("cuda", "a \"GPU\"", "1.2.3");
        KernelChoiceFile choices = KernelChoiceFile.EMPTY.with(own(CHOICE)).with(tuned(other, "0.0.1", CHOICE));
        Path file = folder.resolve("deeper/kernels.json");

        choices.write(file);

        assertThat(KernelChoiceFile.read(file)).isEqualTo(choices);
        try (var files = Files.list(file.getParent())) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aChoiceAppliesToItsClassOfSizes() {
        KernelChoiceFile.Usable usable = use(KernelChoiceFile.EMPTY.with(own(CHOICE)));

        assertThat(usable.count()).isEqualTo(1);
        assertThat(usable.choices().find(KernelShape.linear(WeightFormat.Q8_0, 1100, 2000, 1)))
                .contains(CHOICE);
        assertThat(usable.choices().find(KernelShape.linear(WeightFormat.Q8_0, 1024, 2000, 1)))
                .isEmpty();
        assertThat(usable.choices().find(KernelShape.linear(WeightFormat.F16, 2048, 2048, 1)))
                .isEmpty();
        assertThat(notes).isEmpty();
    }

    @Test
    void anotherDriversChoicesAreStale() {
        DeviceIdentity own = device.identity();
        KernelChoiceFile choices = KernelChoiceFile.EMPTY.with(
                tuned(new DeviceIdentity(own.backend(), own.device(), "0"), Version.number(), CHOICE));

        assertThat(use(choices).count()).isZero();
        assertThat(notes)
                .containsExactly("1 choices for " + own.backend() + " " + own.device()
                        + ", driver 0 are ignored: the driver is now " + own.driver());
    }

    @Test
    void anotherProgramsChoicesAreStale() {
        KernelChoiceFile choices = KernelChoiceFile.EMPTY.with(tuned(device.identity(), "0.0.1", CHOICE));

        assertThat(use(choices).choices().find(SHAPE)).isEmpty();
        assertThat(notes)
                .containsExactly("1 choices for " + device.identity().label()
                        + " are ignored: they are of Waterspout 0.0.1, and this is " + Version.number());
    }

    @Test
    void anotherDevicesChoicesAreNotUsed() {
        DeviceIdentity own = device.identity();
        KernelChoiceFile choices = KernelChoiceFile.EMPTY
                .with(tuned(new DeviceIdentity("cuda", own.device(), own.driver()), Version.number(), CHOICE))
                .with(tuned(new DeviceIdentity(own.backend(), "other", own.driver()), Version.number(), CHOICE));

        assertThat(use(choices).count()).isZero();
        assertThat(notes).isEmpty();
    }

    @Test
    void aChoiceWithoutAKernelIsIgnored() {
        KernelChoiceFile.Usable usable = use(KernelChoiceFile.EMPTY.with(own(new KernelChoice(KernelCut.TILE, 3, 7))));

        assertThat(usable.count()).isZero();
        assertThat(usable.choices().find(SHAPE)).isEmpty();
        assertThat(notes)
                .singleElement()
                .asString()
                .startsWith("the choice for linear q8_0 2048 x 2048, 1 token is ignored: there is no linear");
    }

    @Test
    void newerResultsReplaceOlderOnes() {
        KernelChoice newer = new KernelChoice(KernelCut.PLAIN, 1, 4);
        DeviceIdentity own = device.identity();
        DeviceIdentity older = new DeviceIdentity(own.backend(), own.device(), "0");

        KernelChoiceFile choices = KernelChoiceFile.EMPTY
                .with(tuned(older, Version.number(), CHOICE))
                .with(own(CHOICE))
                .with(own(newer));

        assertThat(choices.devices()).containsExactly(own(newer));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {                                                   | is not JSON:
        []                                                  | : a field is missing or invalid
        {"waterspoutKernelProfile": 1}                      | : a field is missing or invalid
        {"waterspoutKernelProfile": 2, "devices": []}       | its version is 2; this program reads 1
        {"waterspoutKernelProfile": 1, "devices": [7]}      | : a field is missing or invalid
        {"waterspoutKernelProfile": 1, "devices": [{"backend": "opencl", "device": "d", "driver": "1", "waterspout": \
        "0", "tuned": "today", "kernels": []}]} | : a field is missing or invalid
        {"waterspoutKernelProfile": 1, "devices": [{"backend": "opencl", "device": "d", "driver": "1", "waterspout": \
        "0", "tuned": "2026-01-02T03:04:05Z", "kernels": [{"kernel": "scan", "format": "f32", "outer": 1, "inner": 1, \
        "tokens": 1, "cut": "plain", "perItem": 1, "local": 1}]}]} | 'scan' is not one of [linear, attention, quantize, \
        dequantize_sum]
        {"waterspoutKernelProfile": 1, "devices": [{"backend": "opencl", "device": "d", "driver": "1", "waterspout": \
        "0", "tuned": "2026-01-02T03:04:05Z", "kernels": [{"kernel": "linear", "format": "f32", "outer": 0, "inner": \
        1, "tokens": 1, "cut": "plain", "perItem": 1, "local": 1}]}]} | outer=0
        """)
    void aFileThatDoesNotFitTheSchemaIsOneSentence(String text, String says) throws IOException {
        Path file = Files.writeString(folder.resolve("kernels.json"), text);

        assertThatThrownBy(() -> KernelChoiceFile.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("file of kernel choices " + file)
                .hasMessageContaining(says);
    }
}
