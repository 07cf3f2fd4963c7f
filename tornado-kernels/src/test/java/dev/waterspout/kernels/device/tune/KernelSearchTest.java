package dev.waterspout.kernels.device.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.kernels.device.DeviceLimits;
import dev.waterspout.kernels.device.KernelCandidates;
import dev.waterspout.kernels.device.KernelChoice;
import dev.waterspout.kernels.device.KernelCut;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelVariant;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The kernel search with trials of given times and a clock that only the trials advance. */
class KernelSearchTest {
    private static final long LONG = 1_000_000_000L;
    private static final TuneCase CASE = new LinearCase(WeightFormat.Q8_0, 4, 64, 64, 32, 32);
    private static final List<KernelChoice> CANDIDATES = KernelCandidates.of(
            CASE.shape(), new KernelDevice(KernelVariant.ITEMS, new DeviceLimits(4096, 4096, 4096, 1 << 20, 8)));
    private static final KernelChoice DEFAULT = new KernelChoice(KernelCut.PLAIN, 16, 2);

    private final Map<KernelChoice, Long> nanos = new HashMap<>();
    private final Map<KernelChoice, String> wrong = new HashMap<>();
    private final Map<KernelChoice, Integer> failing = new HashMap<>();
    private final List<KernelChoice> opened = new ArrayList<>();
    private int open;
    private long now;

    KernelSearchTest() {
        CANDIDATES.forEach(choice -> nanos.put(choice, 1000L));
    }

    private TuneResult search(long budget) {
        TuneResult result = new KernelSearch(CASE, CANDIDATES, FakeTrial::new, () -> now).search(budget);
        assertThat(open).as("plans left open").isZero();
        return result;
    }

    @Test
    void theDefaultIsAmongTheCandidatesAndFirst() {
        assertThat(CANDIDATES).startsWith(DEFAULT).doesNotHaveDuplicates().hasSizeGreaterThan(20);
    }

    @Test
    void theFastestWins() {
        KernelChoice fastest = new KernelChoice(KernelCut.PLAIN, 4, 2);
        KernelChoice second = new KernelChoice(KernelCut.PLAIN, 4, 8);
        nanos.put(fastest, 400L);
        nanos.put(second, 500L);

        TuneResult result = search(LONG);

        assertThat(result.winner().choice()).isEqualTo(fastest);
        assertThat(result.runnerUp()).get().extracting(TuneResult.Timed::choice).isEqualTo(second);
        assertThat(result.byDefault().choice()).isEqualTo(DEFAULT);
        assertThat(result.gain()).isEqualTo(2.5);
        assertThat(result.winner().spread()).isZero();
        assertThat(result.winner().median()).isEqualTo(new KernelTimes(400, 7, 3));
        assertThat(result.timed().size() + result.slower() + result.untried()).isEqualTo(CANDIDATES.size());
    }

    @Test
    void aWrongKernelNeverWins() {
        KernelChoice fast = new KernelChoice(KernelCut.PLAIN, 16, 8);
        nanos.put(fast, 1L);
        wrong.put(fast, "element 3 is 1.0, not 2.0");

        TuneResult result = search(LONG);

        assertThat(result.timed()).extracting(TuneResult.Timed::choice).doesNotContain(fast);
        assertThat(result.rejected())
                .containsExactly(new TuneResult.Rejected(fast, "wrong: element 3 is 1.0, not 2.0"));
    }

    @Test
    void aKernelThatBecomesWrongWhileTimedNeverWins() {
        KernelChoice fast = new KernelChoice(KernelCut.PLAIN, 16, 8);
        nanos.put(fast, 1L);
        failing.put(fast, 10);

        TuneResult result = search(LONG);

        assertThat(result.timed()).extracting(TuneResult.Timed::choice).doesNotContain(fast);
        assertThat(result.rejected()).containsExactly(new TuneResult.Rejected(fast, "failed: lost"));
    }

    @Test
    void aGainWithinTheNoiseIsIgnored() {
        KernelChoice other = new KernelChoice(KernelCut.PLAIN, 1, 4);
        nanos.put(other, 980L);

        TuneResult result = search(LONG);

        assertThat(result.winner().choice()).isEqualTo(DEFAULT);
        assertThat(result.gain()).isEqualTo(1);
    }

    @Test
    void aDefaultThatIsWrongIsAnError() {
        wrong.put(DEFAULT, "byte 0 differs");

        assertThatThrownBy(() -> search(LONG))
                .isInstanceOf(TuneException.class)
                .hasMessage("linear q8_0 64 x 64, 32 tokens by the default 'plain x16, groups of 2': wrong: byte 0"
                        + " differs");
    }

    @Test
    void withoutTimeOnlyTheDefaultIsTimed() {
        TuneResult result = search(0);

        assertThat(result.timed()).extracting(TuneResult.Timed::choice).containsExactly(DEFAULT);
        assertThat(result.untried()).isEqualTo(CANDIDATES.size() - 1);
        assertThat(opened).containsOnly(DEFAULT);
    }

    @Test
    void theBudgetIsExceededByAtMostOneTrialAndTheMinimumRounds() {
        TuneResult result = search(40_000);

        // One trial of four runs, then at most two finalists, each with three rounds between two validations.
        assertThat(now).isLessThan(40_000 + 5 * 1000 + 5 * 4 * 1000);
        assertThat(result.untried()).isPositive();
    }

    private final class FakeTrial implements Trial {
        private final KernelChoice choice;

        FakeTrial(KernelChoice choice) {
            this.choice = choice;
            opened.add(choice);
            open++;
        }

        @Override
        public Optional<String> mismatch() {
            run();
            return Optional.ofNullable(wrong.get(choice));
        }

        @Override
        public KernelTimes run() {
            if (failing.containsKey(choice) && failing.merge(choice, -1, Integer::sum) < 0) {
                throw new IllegalStateException("lost");
            }
            long time = nanos.getOrDefault(choice, 1000L);
            now += time;
            return new KernelTimes(time, 7, 3);
        }

        @Override
        public void close() {
            open--;
        }
    }
}
