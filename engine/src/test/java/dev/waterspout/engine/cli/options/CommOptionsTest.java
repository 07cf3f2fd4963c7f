package dev.waterspout.engine.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.CommSettings;
import dev.waterspout.interconnect.policy.CommSettings.Budget;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CommOptionsTest {
    private static final int WIDTH = 2048;

    private static CommOptions parse(String... arguments) {
        return CommandLine.populateCommand(new CommOptions(), arguments);
    }

    /** What one row travels by, and a prompt of 512: two steps from 3 ranks on, where they save enough bytes. */
    @ParameterizedTest
    @CsvSource({
        "2, f32, ALLGATHER, ALLGATHER",
        "3, bf16, ALLGATHER, TWOSTEP",
        "3, e2m1:32:e8m0, ALLGATHER, TWOSTEP",
        "4, e2m1:32:e8m0, ALLGATHER, TWOSTEP",
        "4, f32, TWOSTEP, TWOSTEP",
        "8, e2m1:32:e8m0, TWOSTEP, TWOSTEP"
    })
    void aFixedFormatTravelsByWhatSuitsItsSize(int ranks, String format, Algorithm one, Algorithm many) {
        CommSchedule schedule = parse("--comm", format).schedule(ranks, WIDTH, LinkCost.USUAL);
        assertThat(schedule.choice(1).algorithm()).isEqualTo(one);
        assertThat(schedule.choice(512).algorithm()).isEqualTo(many);
        assertThat(schedule.choices().map(CommChoice::format).distinct()).hasSize(1);
    }

    @Test
    void aCollectiveThatIsNamedServesAllSizes() {
        CommSchedule schedule =
                parse("--comm", "e2m1:32:e8m0", "--collective", "twostep").schedule(4, WIDTH, LinkCost.USUAL);
        assertThat(schedule.choices().map(CommChoice::algorithm)).containsOnly(Algorithm.TWOSTEP);
    }

    private static Budget budget(boolean lasts, String... arguments) {
        CommSettings settings = parse(arguments).settings(512, WIDTH, false, lasts);
        return settings.budget();
    }

    @Test
    void runsThatLastMeasureInFullUnlessTheUserSaysOtherwise() {
        assertThat(budget(false)).isEqualTo(Budget.QUICK);
        assertThat(budget(true)).isEqualTo(Budget.FULL);
        assertThat(budget(false, "--comm-measure", "full")).isEqualTo(Budget.FULL);
        assertThat(budget(true, "--comm-measure", "quick")).isEqualTo(Budget.QUICK);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> budget(true, "--comm-measure", "slow"))
                .withMessage("comm measure 'slow' is not auto, quick or full");
    }
}
