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
 * Exchanges that take turns, in another order each round and from a common start, so that whatever disturbs the
 * machine, or is left behind by one of them, meets all. Of each the median of its rounds counts, as the slowest rank
 * saw them; where there are few, one disturbance would move that, and the lower quartile counts.
 */
final class Race {
    /** Less says nothing. */
    static final int FEWEST_ROUNDS = 3;

    /** With so many the median says what is typical. */
    private static final int MANY_ROUNDS = 20;

    /** More would take the time for larger sizes. */
    private static final int MOST_ROUNDS = 40;

    /**
     * After so many rounds, what took so many times as long as the best is out; after the fewest only if no less was
     * expected of it, for a stall can last as long.
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
     * @param bench the ranks and buffers of the exchange
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

    /** Enters a choice, of which so many seconds are expected. */
    void enter(CommChoice choice, int rows, double expected) {
        contenders.add(new Contender(choice, rows, expected));
    }

    /** Runs each once; {@return the seconds of all together} */
    double round() {
        return round(contenders);
    }

    /** Runs them until then, or as often as says enough; {@return how many rounds there were} */
    int run(double end) {
        List<Contender> racing = contenders;
        round(racing); // opens what has to be opened; counts only if there is time for no other
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

    /** {@return what each took} */
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
        /** Of every round, the first included. */
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

        /** {@return of all rounds but the first} */
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
