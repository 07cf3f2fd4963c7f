package dev.waterspout.interconnect.policy;

import static dev.waterspout.interconnect.policy.SimulatedRank.E2M1;
import static dev.waterspout.interconnect.policy.SimulatedRank.F32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class CostModelTest {
    private static final Offset<Double> EXACT = within(1e-12);
    private static final int COLUMNS = 1000;

    /** 100 us and 1 MB/s; encode 1 us + 1 ns, reduce 2 us + 2 ns, sum 3 us + 3 ns. */
    private static CostModel model(int ranks) {
        Cost cost = new Cost(new Line(1e-6, 1e-9), new Line(2e-6, 2e-9), new Line(3e-6, 3e-9));
        return new CostModel(ranks, COLUMNS, new LinkCost(100e-6, 1e6), new CodecCosts(Map.of(F32, cost)));
    }

    private static CommChoice choice(Algorithm algorithm, int chunkRows) {
        return new CommChoice(algorithm, F32, chunkRows);
    }

    @Test
    void allGatherSendsTheWholePartialToEveryRank() {
        // 10 rows are 40000 bytes; 4048 us per peer and 1000 elements
        CommChoice uncut = choice(Algorithm.ALLGATHER, CommChoice.UNCUT);
        assertThat(model(2).bytesSent(uncut, 10)).isEqualTo(40_048);
        double communication = 100e-6 + 0.040048;
        double arithmetic = 1e-6 + 10_000e-9 + 3e-6 + 2 * 10_000 * 3e-9;
        assertThat(model(2).seconds(uncut, 10)).isCloseTo(communication + arithmetic, EXACT);
        assertThat(model(4).bytesSent(uncut, 10)).isEqualTo(3 * 40_048);
        assertThat(model(4).seconds(uncut, 10))
                .isCloseTo(100e-6 + 3 * 0.040048 + 1e-6 + 10e-6 + 3e-6 + 4 * 30e-6, EXACT);
    }

    @Test
    void twoStepSendsPartsTwice() {
        CommChoice uncut = choice(Algorithm.TWOSTEP, CommChoice.UNCUT);
        assertThat(model(4).bytesSent(uncut, 10)).isEqualTo(2 * 3 * 10_048);
        double communication = 200e-6 + 0.060288;
        double arithmetic = 4e-6 + 10e-6 + 2e-6 + 20e-6 + 12e-6 + 30e-6;
        assertThat(model(4).seconds(uncut, 10)).isCloseTo(communication + arithmetic, EXACT);
    }

    @Test
    void chunksOverlapAndEachHasFixedCosts() {
        CommChoice fives = choice(Algorithm.ALLGATHER, 2);
        assertThat(model(2).bytesSent(fives, 10)).isEqualTo(40_000 + 5 * 48);
        double communication = 100e-6 + 0.040240;
        double work = 5e-6 + 10e-6 + 15e-6 + 60e-6 + 4 * 50e-6;
        assertThat(model(2).seconds(fives, 10)).isCloseTo(communication + work / 5, EXACT);
        CommChoice thirds = choice(Algorithm.TWOSTEP, 4);
        communication = 200e-6 + 2 * 3 * (10_000 + 3 * 48) * 1e-6;
        work = 12e-6 + 10e-6 + 6e-6 + 20e-6 + 36e-6 + 30e-6 + 2 * 2 * 50e-6;
        assertThat(model(4).seconds(thirds, 10)).isCloseTo(communication + work / 3, EXACT);
    }

    @Test
    void anUnmeasuredFormatIsNeverTheFastest() {
        assertThat(model(2).seconds(new CommChoice(Algorithm.ALLGATHER, E2M1, CommChoice.UNCUT), 1))
                .isInfinite();
    }

    @Test
    void aLinearFitPassesThroughBothTimesAndIsNeverNegative() {
        Line line = Line.through(10, 3e-6, 110, 13e-6);
        assertThat(line.perElementSeconds()).isCloseTo(1e-7, EXACT);
        assertThat(line.fixedSeconds()).isCloseTo(2e-6, EXACT);
        assertThat(line.seconds(2, 110)).isCloseTo(15e-6, EXACT);
        assertThat(Line.through(10, 0, 100, 1e-6)).isEqualTo(new Line(0, 1e-6 / 100));
        assertThat(Line.through(10, 5e-6, 100, 1e-6)).isEqualTo(new Line(0, 1e-6 / 100));
        assertThat(Line.through(8, 4e-6, 8, 4e-6)).isEqualTo(new Line(0, 5e-7));
    }

    @Test
    void refusesInvalidCosts() {
        assertThatIllegalArgumentException().isThrownBy(() -> new LinkCost(Double.NaN, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new LinkCost(-1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new LinkCost(0, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new LinkCost(0, Double.NaN));
        assertThatIllegalArgumentException().isThrownBy(() -> new Line(Double.NaN, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Line(0, Double.POSITIVE_INFINITY));
        assertThat(new LinkCost(1, 10).seconds(3, 20)).isEqualTo(7);
    }
}
