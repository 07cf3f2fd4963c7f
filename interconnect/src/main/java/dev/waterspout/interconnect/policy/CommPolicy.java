package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.policy.Decision.Option;
import dev.waterspout.interconnect.policy.Decision.Row;
import dev.waterspout.interconnect.policy.measure.Agreement;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecProbe;
import dev.waterspout.interconnect.policy.measure.CodecSource;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.interconnect.policy.measure.LinkProbe;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Decides the collective, wire format and chunk size for each size of exchange. Links and codecs are measured, a
 * {@link CostModel} predicts the time of every choice, and trials of whole exchanges correct the predictions. A choice
 * is taken only if it is at least 3 % faster than plain and than the choice of the next smaller size. If time is
 * short, codec speeds are assumed and no trial is run; compression must then save a fifth of the time.
 *
 * <p>All ranks make the same decision, because every number that it depends on has been shared before. Of each number
 * the slowest rank's value is used.
 */
public final class CommPolicy {

    private final Bench bench;
    private final CommSettings settings;
    private final TrialRunner trials;
    private final Agreement agreement;
    private final MeasurementExchange group;
    private final int ranks;

    /**
     * @param bench the means of measuring links and codecs
     * @param settings the formats and algorithms to choose from; the same on every rank
     * @param trials the runner of whole exchanges
     */
    public CommPolicy(Bench bench, CommSettings settings, TrialRunner trials) {
        this.bench = bench;
        this.settings = settings;
        this.trials = trials;
        this.agreement = new Agreement(bench.control());
        this.group = new MeasurementExchange(settings, agreement);
        this.ranks = bench.transport().size();
    }

    /**
     * Measures all figures that the root's cache lacks, and decides. Called on all ranks; {@return the same on each}
     *
     * @param cache cache that the root reads, and in which all ranks store the result
     * @throws InterconnectException if ranks were given different settings
     */
    public Decision measureAndDecide(Optional<MeasurementCache> cache) {
        if (ranks == 1) {
            return decide(Measurements.NONE);
        }
        requireSameSettings();
        int choices = settings.choiceDigest();
        MeasurementCache.Entry cached =
                cache.flatMap(MeasurementCache::load).orElse(new MeasurementCache.Entry(choices, Measurements.NONE));
        Measurements known = group.fromRoot(cached.trialsFor(choices));
        Measurements measured = measure(known);
        boolean ports = agreement.max(bench.codecs().equals(CodecSource.PORTS) ? 0 : 1) == 0;
        boolean steady = measured.codec().equals(measured.codec().measured());
        boolean mayTry = steady && ports && !settings.budget().trials().isZero();
        Result result = decided(measured, mayTry);
        // Measurements that the JIT disturbed are not kept.
        if (steady && !result.found().equals(known)) {
            CodecCosts all = cached.measurements().codec().with(measured.codec());
            cache.ifPresent(file -> file.store(new MeasurementCache.Entry(
                    choices,
                    new Measurements(measured.link(), all, result.found().trials()))));
        }
        return result.decision();
    }

    /**
     * Decides from measurements. Called on all ranks; {@return the same on each}
     *
     * @param measurements this rank's figures; the slowest rank's figures count
     * @throws InterconnectException if ranks were given different settings
     */
    public Decision decide(Measurements measurements) {
        if (ranks == 1) {
            CommChoice only = new CommChoice(
                    settings.plainAlgorithm(1), settings.baselines().getFirst(), CommChoice.UNCUT);
            return new Decision(CommSchedule.fixed(only), List.of(), measurements, ranks, settings.formats());
        }
        requireSameSettings();
        return decided(group.slowest(measurements), !settings.budget().trials().isZero())
                .decision();
    }

    private void requireSameSettings() {
        double[][] digests = agreement.share(settings.digest());
        for (int rank = 1; rank < ranks; rank++) {
            if (digests[rank][0] != digests[0][0]) {
                throw new InterconnectException("rank " + rank
                        + " chooses from other formats, collectives or sizes than rank 0: settings "
                        + (int) digests[rank][0]
                        + " and " + (int) digests[0][0]);
            }
        }
    }

    /**
     * {@return figures of link and codecs: the known ones, and for the others measured or supplied ones; the slowest
     * rank's}
     */
    private Measurements measure(Measurements known) {
        List<WireFormat> unknown = byPromise().stream()
                .filter(format -> !known.codec().costs().containsKey(format))
                .toList();
        CodecCosts supplied = unknown.isEmpty()
                ? CodecCosts.NONE
                : bench.codecs().measure(unknown, settings.maxRows(), settings.columns(), ranks);
        List<WireFormat> untold = unknown.stream()
                .filter(format -> !supplied.costs().containsKey(format))
                .toList();
        boolean full = !settings.budget().codec().isZero();
        // The link is measured last, because compilation of the codecs would disturb its measurement.
        CodecCosts own = known.codec()
                .with(new CodecProbe(ranks, bench.ports(), bench.clocks())
                        .measure(
                                full ? untold : List.of(),
                                settings.maxRows(),
                                settings.columns(),
                                settings.budget().warmUp(),
                                settings.budget().codec()))
                .with(supplied);
        CodecCosts codec = group.slowest(new Measurements(LinkCost.NONE, own)).codec();
        // Without figures of codecs, the link was measured within a short time limit.
        boolean good = known.hasLink() && (!full || !known.codec().costs().isEmpty());
        LinkCost link = good
                ? known.link()
                : new LinkProbe(
                                bench.transport(),
                                bench.control(),
                                bench.nanoClock(),
                                settings.budget().link())
                        .measure();
        return new Measurements(link, codec, known.trials());
    }

    /** {@return the formats: first the baselines, then the others from the smallest on} */
    private List<WireFormat> byPromise() {
        List<WireFormat> order = new ArrayList<>(settings.baselines());
        settings.formats().stream()
                .filter(format -> !order.contains(format))
                .sorted(Comparator.comparingLong(format -> format.rowBytes(settings.columns())))
                .toList()
                .forEach(order::add);
        return order;
    }

    /** A decision and the measurements behind it. */
    private record Result(Decision decision, Measurements found) {}

    private Result decided(Measurements known, boolean mayTry) {
        CodecCosts codec = known.codec().assuming(settings.formats());
        CostModel model = new CostModel(ranks, settings.columns(), known.link(), codec);
        Candidates candidates = new Candidates(settings, ranks, codec);
        CommChoice first = candidates.baselines().getFirst();
        Calibration calibration = new Calibration(model);
        Measurements found = known;
        if (mayTry && known.trials().isEmpty()) {
            found = known.with(trials.run(bench, settings, candidates, calibration));
        } else {
            known.trials().forEach(calibration::add);
        }
        List<Integer> sizes = candidates.sizes();
        boolean measured = codec.equals(codec.measured());
        double gain = measured ? Chooser.GAIN : Chooser.GAIN_IF_ASSUMED;
        Chooser chooser = new Chooser(sizes, candidates.baselines(), calibration::expected, gain);
        Chooser.Options options = rows -> candidates.of(rows).stream()
                .filter(choice -> calibration.allows(choice, rows))
                .filter(choice -> measured || !isCutBaseline(choice))
                .toList();
        List<CommChoice> chosen = settings.phaseLocked() ? chooser.chooseLocked(options) : chooser.choose(options);
        List<Row> table = new ArrayList<>();
        for (int i = 0; i < sizes.size(); i++) {
            int rows = sizes.get(i);
            table.add(row(
                    rows,
                    chosen.get(i),
                    chooser.bestBaseline(rows, options),
                    candidates.of(rows).stream()
                            .map(choice -> option(choice, rows, model, calibration))
                            .filter(option -> option.predictedSeconds() < Double.POSITIVE_INFINITY
                                    || option.choice().equals(first))
                            .sorted(Comparator.comparingDouble(Option::expectedSeconds))
                            .toList()));
        }
        Measurements used = new Measurements(found.link(), codec, found.trials());
        return new Result(new Decision(chooser.schedule(chosen), table, used, ranks, settings.formats()), found);
    }

    /**
     * The gain of chunks depends on a format's speed. If that speed is assumed, plain exchanges stay without chunks.
     */
    private boolean isCutBaseline(CommChoice choice) {
        return choice.chunkRows() != CommChoice.UNCUT && settings.baselines().contains(choice.format());
    }

    private static Option option(CommChoice choice, int rows, CostModel model, Calibration calibration) {
        return new Option(
                choice,
                model.bytesSent(choice, rows),
                model.seconds(choice, rows),
                calibration.measured(choice, rows),
                calibration.expected(choice, rows));
    }

    private Row row(int rows, CommChoice chosen, CommChoice plain, List<Option> options) {
        Option taken = find(options, chosen);
        Option baseline = find(options, plain);
        double gain = baseline.expectedSeconds() / taken.expectedSeconds();
        boolean plainStays = chosen.format() instanceof PlainFormat && gain < 1 / (1 - Chooser.GAIN);
        String why = plainStays ? "nothing is clearly faster" : String.format(Locale.ROOT, "%.2fx plain", gain);
        return new Row(rows, PlainFormat.F32.encodedBytes(rows, settings.columns()), taken, baseline, options, why);
    }

    private static Option find(List<Option> options, CommChoice choice) {
        return options.stream()
                .filter(option -> option.choice().equals(choice))
                .findFirst()
                .orElseThrow();
    }
}
