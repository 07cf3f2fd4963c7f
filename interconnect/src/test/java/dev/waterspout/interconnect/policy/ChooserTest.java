package dev.waterspout.interconnect.policy;

import static dev.waterspout.interconnect.policy.SimulatedRank.BF16;
import static dev.waterspout.interconnect.policy.SimulatedRank.E2M1;
import static dev.waterspout.interconnect.policy.SimulatedRank.E4M3;
import static dev.waterspout.interconnect.policy.SimulatedRank.F32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.policy.CommSchedule.Step;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChooserTest {
    private static final List<Integer> SIZES = List.of(1, 2, 4);
    private static final CommChoice PLAIN = uncut(F32);
    private static final CommChoice HALF = uncut(BF16);
    private static final CommChoice SMALL = uncut(E2M1);
    private static final CommChoice EIGHT = uncut(E4M3);

    private static CommChoice uncut(WireFormat format) {
        return new CommChoice(Algorithm.ALLGATHER, format, CommChoice.UNCUT);
    }

    /** Builds a chooser from the seconds of each choice for 1, 2 and 4 rows. */
    private static Chooser chooser(List<CommChoice> baselines, Map<CommChoice, double[]> seconds) {
        return new Chooser(
                SIZES,
                baselines,
                (choice, rows) -> seconds.getOrDefault(choice, new double[3])[SIZES.indexOf(rows)],
                Chooser.GAIN);
    }

    private static List<CommChoice> chosen(List<CommChoice> baselines, Map<CommChoice, double[]> seconds) {
        return chooser(baselines, seconds).choose(rows -> List.copyOf(seconds.keySet()));
    }

    @Test
    void aSmallGainDoesNotSwitch() {
        assertThat(chosen(
                        List.of(PLAIN),
                        Map.of(PLAIN, new double[] {100, 100, 100}, SMALL, new double[] {98, 97.1, 96.9})))
                .containsExactly(PLAIN, PLAIN, SMALL);
    }

    @Test
    void withinOneFormatASmallerGainSuffices() {
        CommChoice twoStep = new CommChoice(Algorithm.TWOSTEP, E2M1, CommChoice.UNCUT);
        assertThat(chosen(
                        List.of(PLAIN),
                        Map.of(
                                PLAIN, new double[] {100, 200, 400},
                                SMALL, new double[] {50, 100, 200},
                                twoStep, new double[] {60, 99.5, 197})))
                .containsExactly(SMALL, SMALL, twoStep);
    }

    @Test
    void assumedCostsNeedALargerGain() {
        Map<CommChoice, Double> seconds = Map.of(PLAIN, 100.0, HALF, 95.0, SMALL, 80.0);
        Chooser wary = new Chooser(
                SIZES,
                List.of(PLAIN, HALF),
                (choice, rows) -> rows == 2 && choice.equals(SMALL) ? 75 : seconds.getOrDefault(choice, 0.0),
                Chooser.GAIN_IF_ASSUMED);
        assertThat(wary.choose(rows -> List.of(PLAIN, HALF, SMALL))).containsExactly(HALF, SMALL, HALF);
        assertThat(wary.chooseLocked(rows -> List.of(PLAIN, HALF, SMALL))
                        .getLast()
                        .format())
                .isEqualTo(BF16);
    }

    @Test
    void theCurrentChoiceStaysUntilAnotherIsClearlyFaster() {
        assertThat(chosen(
                        List.of(PLAIN),
                        Map.of(
                                PLAIN, new double[] {100, 200, 400},
                                EIGHT, new double[] {50, 100, 200},
                                SMALL, new double[] {60, 98, 180})))
                .containsExactly(EIGHT, EIGHT, SMALL);
    }

    @Test
    void onlyChoicesClearlyFasterThanPlainAreKept() {
        assertThat(chosen(
                        List.of(PLAIN), Map.of(PLAIN, new double[] {100, 100, 100}, SMALL, new double[] {50, 98, 101})))
                .containsExactly(SMALL, PLAIN, PLAIN);
    }

    @Test
    void theFastestPlainFormatIsTheBaseline() {
        List<CommChoice> both = List.of(PLAIN, HALF);
        assertThat(chosen(
                        both,
                        Map.of(
                                PLAIN, new double[] {100, 100, 100},
                                HALF, new double[] {98, 60, 60},
                                SMALL, new double[] {97.5, 59, 50})))
                .containsExactly(PLAIN, HALF, SMALL);
    }

    @Test
    void equalNeighboursAreMerged() {
        Chooser chooser = chooser(List.of(PLAIN), Map.of());
        assertThat(chooser.schedule(List.of(PLAIN, PLAIN, SMALL)).steps())
                .containsExactly(new Step(3, PLAIN), new Step(Integer.MAX_VALUE, SMALL));
        assertThat(chooser.schedule(List.of(PLAIN, SMALL, SMALL)).steps())
                .containsExactly(new Step(1, PLAIN), new Step(Integer.MAX_VALUE, SMALL));
        assertThat(chooser.schedule(List.of(PLAIN, PLAIN, PLAIN))).isEqualTo(CommSchedule.fixed(PLAIN));
    }

    @Test
    void lockedPhasesHaveOneFormatEach() {
        Map<CommChoice, double[]> seconds = Map.of(
                PLAIN, new double[] {100, 100, 400},
                EIGHT, new double[] {120, 80, 300},
                SMALL, new double[] {120, 120, 200});
        Chooser chooser = chooser(List.of(PLAIN), seconds);
        assertThat(chooser.choose(rows -> List.copyOf(seconds.keySet()))).containsExactly(PLAIN, EIGHT, SMALL);
        assertThat(chooser.chooseLocked(rows -> List.copyOf(seconds.keySet()))).containsExactly(PLAIN, SMALL, SMALL);
    }

    @Test
    void lockedPhasesStayPlainUnlessTheirTotalIsFaster() {
        Map<CommChoice, double[]> seconds =
                Map.of(PLAIN, new double[] {100, 100, 400}, SMALL, new double[] {50, 120, 370});
        assertThat(chooser(List.of(PLAIN), seconds).chooseLocked(rows -> List.copyOf(seconds.keySet())))
                .containsExactly(SMALL, PLAIN, PLAIN);
    }
}
