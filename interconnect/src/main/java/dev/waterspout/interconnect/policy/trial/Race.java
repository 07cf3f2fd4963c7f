package dev.waterspout.interconnect.policy.trial;

import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.policy.Calibration;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.Measurements.Trial;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Seconds;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Times exchanges round-robin, in another order each round and after a barrier, so that a disturbance of the machine,
 * or an after-effect of one exchange, affects all of them. The result of an exchange is the median over its rounds of
 * the slowest rank's time. With few rounds one disturbance would shift the median, and the result is the lower
 * quartile.
 */
final class Race {
    /** Fewest rounds of a result. */
    static final int FEWEST_ROUNDS = 3;

    /** Rounds from which on the result is the median. */
    private static final int MANY_ROUNDS = 20;

    /** Most rounds, so that time is left for larger sizes. */
    private static final int MOST_ROUNDS = 40;

    /**
     * Per number of rounds, the multiple of the best time above which a choice is dropped. After the fewest rounds a
     * choice is dropped only if its expected time is above the limit too, because a stall can last as long.
     */
    private static final NavigableMap<Integer, Double> SLOWER =
            new TreeMap<>(Map.of(FEWEST_ROUNDS, 2.0, 8, 1.4, MANY_ROUNDS, 1.15));

    private final Bench bench;
    private final int columns;
    private final GroupTime time;
    private final Arena arena;
    private final List<Contender> contenders = new ArrayList<>();
    private final RoundOrder order = new RoundOrder();

    /**
     * @param bench transport, ports and clocks of this rank
     * @param columns elements of a row
     * @param time advances with each round
     * @param arena arena of the buffers; shared, because ranks in one process read each other's messages
     */
    Race(Bench bench, int columns, GroupTime time, Arena arena) {
        this.bench = bench;
        this.columns = columns;
        this.time = time;
        this.arena = arena;
    }

    /** Adds a choice with its expected seconds. */
    void enter(CommChoice choice, int rows, double expected) {
        contenders.add(new Contender(choice, rows, expected));
    }

    /** Runs each choice once; {@return the total seconds} */
    double round() {
        return round(contenders);
    }

    /** Runs rounds until a time, or until there are enough; {@return the number of rounds} */
    int run(double end) {
        List<Contender> racing = contenders;
        round(racing); // opens connections; counts only if there is no time for another round
        double began = time.spent();
        for (int rounds = 1; rounds < MOST_ROUNDS; rounds++) {
            round(racing);
            if (time.spent() + (time.spent() - began) / rounds > end) {
                return rounds;
            }
            racing = stillIn(racing, rounds);
        }
        round(racing);
        return MOST_ROUNDS;
    }

    /** {@return the result of each choice} */
    List<Trial> trials() {
        return contenders.stream().map(Contender::trial).toList();
    }

    private static List<Contender> stillIn(List<Contender> racing, int rounds) {
        Double slower = SLOWER.get(rounds);
        if (slower == null) {
            return racing;
        }
        double limit =
                slower * racing.stream().mapToDouble(Contender::typical).min().orElseThrow();
        return racing.stream()
                .filter(contender ->
                        contender.typical() <= limit || (rounds == FEWEST_ROUNDS && contender.expected <= limit))
                .toList();
    }

    private double round(List<Contender> racing) {
        double[] own = new double[racing.size()];
        for (int i : order.next(own.length)) {
            time.barrier();
            own[i] = racing.get(i).sum();
        }
        double[] slowest = time.share(own);
        for (int i = 0; i < racing.size(); i++) {
            racing.get(i).seconds.add(slowest[i]);
        }
        return Arrays.stream(slowest).sum();
    }

    private final class Contender {
        private final CommChoice choice;
        private final int rows;
        private final double expected;
        private final StagedPort port;
        private final Collective collective;
        /** Times of all rounds, the first included. */
        private final List<Double> seconds = new ArrayList<>();

        private Contender(CommChoice choice, int rows, double expected) {
            this.choice = choice;
            this.rows = rows;
            this.expected = expected;
            this.port = bench.ports().create(choice.format(), rows, columns);
            this.collective = choice.algorithm()
                    .create(
                            bench.exchange(),
                            choice.format(),
                            new ExchangeCounters(),
                            new ExchangeShape(rows, columns, choice.chunkRows()),
                            arena);
        }

        private double sum() {
            return Seconds.time(bench.nanoClock(), () -> collective.sum(0, port, rows));
        }

        private Trial trial() {
            return new Trial(choice, rows, Math.max(typical(), Calibration.LEAST_SECONDS));
        }

        /** {@return the times of all rounds but the first} */
        private double typical() {
            double[] sorted = seconds.stream()
                    .skip(seconds.size() > 1 ? 1 : 0)
                    .mapToDouble(Double::doubleValue)
                    .sorted()
                    .toArray();
            return sorted[sorted.length / (sorted.length < MANY_ROUNDS ? 4 : 2)];
        }
    }
}
