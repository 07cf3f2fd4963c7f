package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.forward.Overlap;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OverlapChoiceTest {
    /** {@return the number of passes that ran with overlap} */
    private static int overlapped(OverlapChoice choice, int rows, int passes, long whole, long parts) {
        int count = 0;
        for (int pass = 0; pass < passes; pass++) {
            boolean overlap = choice.next(rows);
            choice.took(rows, overlap, overlap ? parts : whole);
            count += overlap ? 1 : 0;
        }
        return count;
    }

    @Test
    void usesTheFasterWayAndRetriesTheOtherPeriodically() {
        // Two of the first four passes, then all except every 32nd.
        assertThat(overlapped(new OverlapChoice(Overlap.AUTO), 100, 132, 1000, 900))
                .isEqualTo(2 + 128 - 4);
        assertThat(overlapped(new OverlapChoice(Overlap.AUTO), 100, 132, 1000, 1100))
                .isEqualTo(2 + 4);
    }

    /**
     * The first pass, with overlap, is the slowest of its kind; if it is clearly the faster one, one trial suffices.
     */
    @Test
    void aClearDifferenceEndsTheTrials() {
        assertThat(overlapped(new OverlapChoice(Overlap.AUTO), 100, 12, 1000, 800))
                .isEqualTo(11);
        assertThat(overlapped(new OverlapChoice(Overlap.AUTO), 100, 12, 1000, 1200))
                .isEqualTo(2);
    }

    @Test
    void printsItsDecisionOncePerSize() {
        List<String> lines = new ArrayList<>();
        OverlapChoice choice = new OverlapChoice(Overlap.AUTO);
        choice.explain(lines::add);
        overlapped(choice, 100, 1, 2_000_000, 1_500_000);
        assertThat(lines).isEmpty();
        overlapped(choice, 100, 60, 2_000_000, 1_500_000);
        overlapped(choice, 512, 4, 2_048_000, 3_072_000);
        assertThat(lines)
                .containsExactly(
                        "overlap: on for passes of 64 to 127 tokens (a token takes 15 us with overlap, 20 us without)",
                        "overlap: off for passes of 512 to 1023 tokens (a token takes 6 us with overlap, 4 us"
                                + " without)");
    }

    @Test
    void sizesAreDecidedApart() {
        OverlapChoice choice = new OverlapChoice(Overlap.AUTO);
        overlapped(choice, 512, 4, 1000, 900);
        overlapped(choice, 64, 4, 1000, 1100);
        assertThat(choice.next(600)).isTrue();
        assertThat(choice.next(100)).isFalse();
    }

    @Test
    void followsAFixedSetting() {
        assertThat(overlapped(new OverlapChoice(Overlap.ON), 100, 40, 1, 2)).isEqualTo(40);
        assertThat(overlapped(new OverlapChoice(Overlap.OFF), 100, 40, 2, 1)).isZero();
    }
}
