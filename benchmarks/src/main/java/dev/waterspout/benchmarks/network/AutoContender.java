package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommPolicy;
import dev.waterspout.interconnect.policy.CommSettings;
import dev.waterspout.interconnect.policy.Decision;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.trial.Trials;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The policy's choice among the formats of the other contenders. It is decided once, at the start, without cached
 * measurements.
 */
final class AutoContender implements Contender {
    static final String NAME = "auto";
    /** The choice from the short measurements of {@code --comm-measure quick}. */
    static final String QUICK = "auto:quick";

    private final String name;
    private final Bench bench;
    private final CommSettings choosable;
    private final CollectiveContender.Data data;
    private final WorkerPool pool;
    private final Map<CommChoice, CollectiveContender> choices = new LinkedHashMap<>();
    private final Map<Integer, CollectiveContender> byRows = new HashMap<>();
    private @Nullable Decision decision;

    AutoContender(String name, Bench bench, Settings settings, CollectiveContender.Data data, WorkerPool pool) {
        this.name = name;
        this.bench = bench;
        this.data = data;
        this.pool = pool;
        List<WireFormat> formats = settings.choices().stream()
                .filter(choice -> !isName(choice) && !choice.startsWith("mpi:"))
                .map(choice -> WireFormat.parse(choice.substring(choice.indexOf(':') + 1)))
                .toList();
        this.choosable = new CommSettings(
                formats,
                Arrays.asList(Algorithm.values()),
                data.maxRows(),
                data.columns(),
                false,
                name.equals(QUICK) ? CommSettings.Budget.QUICK : CommSettings.Budget.FULL);
    }

    static boolean isName(String choice) {
        return choice.equals(NAME) || choice.equals(QUICK);
    }

    /** Measures, and chooses the exchange of each size. */
    @Override
    public void prepare() {
        long start = System.nanoTime();
        Decision made = new CommPolicy(bench, choosable, Trials::run).measureAndDecide(Optional.empty());
        decision = made;
        if (bench.transport().rank() == 0) {
            System.out.printf(
                    Locale.ROOT,
                    "%n%s, decided in %.2f s:%n%s",
                    name,
                    (System.nanoTime() - start) * 1e-9,
                    made.explain());
        }
        made.schedule()
                .choices()
                .forEach(choice -> choices.put(
                        choice,
                        new CollectiveContender(name, choice, bench.exchange(), bench.transport(), data, pool)));
    }

    private CommChoice choice(int rows) {
        return Objects.requireNonNull(decision, "prepared").schedule().choice(rows);
    }

    @Override
    public CollectiveContender at(int rows) {
        return byRows.computeIfAbsent(rows, key -> Objects.requireNonNull(choices.get(choice(key))));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String detail(int rows) {
        return choice(rows).toString();
    }

    @Override
    public int chunkRows() {
        return 0;
    }

    @Override
    public void sum(int rows) {
        at(rows).sum(rows);
    }

    @Override
    public long bytesSent(int rows) {
        return at(rows).bytesSent(rows);
    }

    @Override
    public ExchangeCounters.Snapshot spent() {
        return choices.values().stream()
                .map(Contender::spent)
                .reduce(ExchangeCounters.Snapshot.ZERO, ExchangeCounters.Snapshot::plus);
    }
}
