package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.model.Model;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatsTest {
    private static final Formats F32 = new Formats.Fixed(PlainFormat.F32);

    @Test
    void onlyTheDefaultFormatsDependOnThePlacementOfRanks() {
        assertThat(Formats.usual().placed(false)).isEqualTo(F32);
        assertThat(Formats.usual().placed(true)).isInstanceOf(Formats.Auto.class);
        Formats fixed = new Formats.Fixed(WireFormat.parse("e2m1:32:e8m0"));
        Formats auto = new Formats.Auto(2, List.of(), List.of(), Formats.Measuring.FULL);
        for (boolean apart : new boolean[] {false, true}) {
            assertThat(fixed.placed(apart)).isEqualTo(fixed);
            assertThat(auto.placed(apart)).isEqualTo(auto);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"host; 1; false", "host; 2; false", "emulator:0; 2; false", "host,emulator:0; 2; true"})
    void ranksOnDifferentDevicesAreApart(String devices, int ranks, boolean apart) {
        Options options = Options.DEFAULT.withRanks(
                new Ranks(ranks, List.of(devices.split(",")), List.of(), false, Ranks.Attention.SHARDED, list -> list));
        try (Session session = Session.open(options, Events.NONE);
                Model model = Waterspout.open(Optional.empty())) {
            Formats formats =
                    session.prepare(model, options, Map.of()).exchange().formats();
            assertThat(formats).isInstanceOf(apart ? Formats.Auto.class : Formats.Fixed.class);
        }
    }
}
