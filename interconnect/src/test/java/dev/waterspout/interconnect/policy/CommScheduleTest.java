package dev.waterspout.interconnect.policy;

import static dev.waterspout.interconnect.policy.SimulatedRank.BF16;
import static dev.waterspout.interconnect.policy.SimulatedRank.E2M1;
import static dev.waterspout.interconnect.policy.SimulatedRank.E4M3;
import static dev.waterspout.interconnect.policy.SimulatedRank.F32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.policy.CommSchedule.Step;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CommScheduleTest {
    private static final CommChoice SMALL = new CommChoice(Algorithm.ALLGATHER, F32, CommChoice.UNCUT);
    private static final CommChoice LARGE = new CommChoice(Algorithm.TWOSTEP, E2M1, 64);
    private static final CommSchedule BY_SIZE =
            new CommSchedule(List.of(new Step(8, SMALL), new Step(Integer.MAX_VALUE, LARGE)));

    @Test
    void allExchangesAreEqualWithoutAMap() {
        assertThat(BY_SIZE.choice(8, 5)).isEqualTo(SMALL).isEqualTo(BY_SIZE.choice(8));
        assertThat(BY_SIZE.choice(9, 0)).isEqualTo(LARGE);
        assertThat(BY_SIZE.choices()).containsExactly(SMALL, LARGE);
        assertThat(BY_SIZE.choices(100)).containsExactly(LARGE);
    }

    @Test
    void theDescriptionNamesAllChoices() {
        assertThat(CommSchedule.fixed(SMALL).description()).isEqualTo("allgather f32");
        assertThat(BY_SIZE.withFormats(Map.of(3, E4M3, 0, BF16)).description())
                .isEqualTo("allgather f32 up to 8 rows, twostep " + E2M1.label()
                        + " in chunks of 64 rows beyond, other formats in 2 exchanges");
    }

    @Test
    void anExchangeMayOnlyHaveItsOwnFormat() {
        CommSchedule mixed = BY_SIZE.withFormats(Map.of(3, E4M3, 0, BF16));
        assertThat(mixed.choice(9, 3)).isEqualTo(new CommChoice(Algorithm.TWOSTEP, E4M3, 64));
        assertThat(mixed.choice(1, 3)).isEqualTo(new CommChoice(Algorithm.ALLGATHER, E4M3, CommChoice.UNCUT));
        assertThat(mixed.choice(9, 2)).isEqualTo(LARGE);
        assertThat(mixed.choices(9)).containsExactly(LARGE, LARGE.withFormat(BF16), LARGE.withFormat(E4M3));
        assertThat(mixed.choices()).hasSize(6);
    }

    @Test
    void aUniformScheduleExchangesATokenIndependentlyOfTheBatch() {
        CommSchedule uniform = BY_SIZE.withFormats(Map.of(3, E4M3)).uniform(16);
        assertThat(uniform.choice(1)).isEqualTo(new CommChoice(Algorithm.TWOSTEP, E2M1, CommChoice.UNCUT));
        assertThat(uniform.choice(9)).isEqualTo(LARGE);
        assertThat(uniform.choice(1, 3).format()).isEqualTo(E4M3);
        assertThat(BY_SIZE.uniform(2).choice(100)).isEqualTo(new CommChoice(Algorithm.ALLGATHER, F32, 64));
        // Sums of f32 are added in rank order by both collectives.
        CommSchedule exact =
                new CommSchedule(List.of(new Step(8, SMALL), new Step(Integer.MAX_VALUE, LARGE.withFormat(F32))));
        assertThat(exact.uniform(1)).isEqualTo(exact);
    }
}
