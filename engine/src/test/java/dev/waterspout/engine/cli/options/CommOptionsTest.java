package dev.waterspout.engine.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.engine.api.Formats;
import dev.waterspout.engine.api.Formats.Measuring;
import dev.waterspout.kernels.codec.PlainFormat;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class CommOptionsTest {
    private static CommOptions parse(String... arguments) {
        CommOptions options = new CommOptions();
        new CommandLine(options).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
        return options;
    }

    private static Measuring measuring(boolean lasts, String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "--comm=auto";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        CommOptions options = parse(all);
        return ((Formats.Auto) options.exchange(lasts).formats()).measuring();
    }

    @Test
    void theDefaultDependsOnThePlacementOfRanks() {
        CommOptions none = parse("--quality", "2");
        Formats formats = none.exchange(false).formats();
        assertThat(formats.placed(false)).isEqualTo(new Formats.Fixed(PlainFormat.F32));
        assertThat(((Formats.Auto) formats.placed(true)).qualityPercent()).isEqualTo(2);
    }

    @Test
    void longRunsMeasureInFullByDefault() {
        assertThat(measuring(false)).isEqualTo(Measuring.QUICK);
        assertThat(measuring(true)).isEqualTo(Measuring.FULL);
        assertThat(measuring(false, "--comm-measure", "full")).isEqualTo(Measuring.FULL);
        assertThat(measuring(true, "--comm-measure", "quick")).isEqualTo(Measuring.QUICK);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> measuring(true, "--comm-measure", "slow"))
                .withMessage("comm measure 'slow' is not auto, quick or full");
    }
}
