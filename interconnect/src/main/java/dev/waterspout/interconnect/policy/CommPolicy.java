package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.policy.CodecProfile.Cost;
import dev.waterspout.interconnect.policy.CodecProfile.Line;
import dev.waterspout.interconnect.policy.Decision.Option;
import dev.waterspout.interconnect.policy.Decision.Row;
import dev.waterspout.interconnect.policy.Profiles.Trial;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * Decides how exchanges of each size are done. Links and codecs are measured, a {@link CostModel} predicts every choice,
 * trials of the real collectives correct the predictions, and a choice is taken only where it is at least 3 % faster than
 * plain and than what the next smaller size takes. Where time is short, codecs are taken to have usual speeds and nothing is
 * tried; compression then has to save a fifth.
 *
 * <p>All ranks decide the same: every number that a decision depends on has been shared before, and is the slowest rank's.
 */
public final class CommPolicy {
    private static final int LINK_VALUES = 2;
    private static final int COST_VALUES = 7;
    private static final int TRIAL_VALUES = 5;

    private final Bench bench;
    private final CommSettings settings;
    private final Agreement agreement;
    private final int ranks;

    /**
     * @param bench what to measure with
     * @param settings what to choose from; the same on every rank
     */
    public CommPolicy(Bench bench, CommSettings settings) {
        this.bench = bench;
        this.settings = settings;
        this.agreement = new Agreement(bench.control());
        this.ranks = bench.transport().size();
    }

    /**
     * Measures what the root's cache does not know, and decides. Called on all ranks; {@return the same on each}
     *
     * @param cache where the root looks, and all ranks keep what was found
     * @throws InterconnectException if ranks were given different settings
     */
    public Decision measureAndDecide(Optional<ProfileCache> cache) {
        if (ranks == 1) {
            return decide(Profiles.NONE);
        }
        requireSameSettings();
        int choices = settings.choiceDigest();
        ProfileCache.Entry cached =
                cache.flatMap(ProfileCache::load).orElse(new ProfileCache.Entry(choices, Profiles.NONE));
        Profiles known = fromRoot(cached.trialsFor(choices));
        Profiles measured = measure(known);
        boolean ports = agreement.max(bench.codecs().equals(CodecSource.PORTS) ? 0 : 1) == 0;
        boolean steady = measured.codec().equals(measured.codec().measured());
        boolean mayTry = steady && ports && !settings.budget().trials().isZero();
        Result result = decided(measured, mayTry);
        // What the JIT disturbed is not kept.
        if (steady && !result.found().equals(known)) {
            CodecProfile all = cached.profiles().codec().with(measured.codec());
            cache.ifPresent(file -> file.store(new ProfileCache.Entry(
                    choices, new Profiles(measured.link(), all, result.found().trials()))));
        }
        return result.decision();
    }

    /**
     * Decides from profiles. Called on all ranks; {@return the same on each}
     *
     * @param profiles what this rank knows; the slowest rank's figures count
     * @throws InterconnectException if ranks were given different settings
     */
    public Decision decide(Profiles profiles) {
        if (ranks == 1) {
            CommChoice only = new CommChoice(
                    settings.plainAlgorithm(1), settings.baselines().getFirst(), CommChoice.UNCUT);
            return new Decision(CommSchedule.fixed(only), List.of(), profiles, ranks, settings.formats());
        }
        requireSameSettings();
        return decided(slowest(profiles), !settings.budget().trials().isZero()).decision();
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

    /** {@return of link and codecs what is known, and of the rest what is measured or supplied; the slowest rank's} */
    private Profiles measure(Profiles known) {
        List<WireFormat> unknown = byPromise().stream()
                .filter(format -> !known.codec().costs().containsKey(format))
                .toList();
        CodecProfile supplied =
                unknown.isEmpty() ? CodecProfile.NONE : bench.codecs().measure(unknown, settings, ranks);
        List<WireFormat> untold = unknown.stream()
                .filter(format -> !supplied.costs().containsKey(format))
                .toList();
        boolean full = !settings.budget().codec().isZero();
        // The link comes last: the JIT, which the codecs keep busy, would disturb it.
        CodecProfile own = known.codec()
                .with(new CodecProbe(ranks, bench.ports(), bench.clocks())
                        .measure(
                                full ? untold : List.of(),
                                settings.maxRows(),
                                settings.columns(),
                                settings.budget().warmUp(),
                                settings.budget().codec()))
                .with(supplied);
        CodecProfile codec = slowest(new Profiles(LinkProfile.NONE, own)).codec();
        // Where nothing is known of codecs, a link was measured in a hurry.
        boolean good = known.hasLink() && (!full || !known.codec().costs().isEmpty());
        LinkProfile link = good
                ? known.link()
                : new LinkProbe(
                                bench.transport(),
                                bench.control(),
                                bench.nanoClock(),
                                settings.budget().link())
                        .measure();
        return new Profiles(link, codec, known.trials());
    }

    /** {@return the formats, what others have to beat first, then the smallest} */
    private List<WireFormat> byPromise() {
        List<WireFormat> order = new ArrayList<>(settings.baselines());
        settings.formats().stream()
                .filter(format -> !order.contains(format))
                .sorted(Comparator.comparingLong(format -> format.rowBytes(settings.columns())))
                .toList()
                .forEach(order::add);
        return order;
    }

    /** A decision, and what was found out for it. */
    private record Result(Decision decision, Profiles found) {}

    private Result decided(Profiles known, boolean mayTry) {
        CodecProfile codec = known.codec().assuming(settings.formats());
        CostModel model = new CostModel(ranks, settings.columns(), known.link(), codec);
        Candidates candidates = new Candidates(settings, ranks, codec);
        CommChoice first = candidates.baselines().getFirst();
        Calibration calibration = new Calibration(model);
        Profiles found = known;
        if (mayTry && known.trials().isEmpty()) {
            found = known.with(new Trials(bench, settings, candidates, calibration).run());
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
        Profiles used = new Profiles(found.link(), codec, found.trials());
        return new Result(new Decision(chooser.schedule(chosen), table, used, ranks, settings.formats()), found);
    }

    /** Cutting saves what a format's speed says, and where that is assumed, plain stays as it is everywhere else. */
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

    /** {@return what the root knows, on every rank} */
    private Profiles fromRoot(Profiles known) {
        double[] root = agreement.share(values(known))[0];
        List<Trial> trials = new ArrayList<>();
        double[] packed = agreement.fromRoot(pack(known.trials()));
        for (int at = 0; at < packed.length; at += TRIAL_VALUES) {
            CommChoice choice = new CommChoice(
                    settings.algorithms().get((int) packed[at]),
                    settings.formats().get((int) packed[at + 1]),
                    (int) packed[at + 2]);
            trials.add(new Trial(choice, (int) packed[at + 3], packed[at + 4]));
        }
        return profiles(root).with(trials);
    }

    private double[] pack(List<Trial> trials) {
        return trials.stream()
                .flatMapToDouble(trial -> DoubleStream.of(
                        settings.algorithms().indexOf(trial.choice().algorithm()),
                        settings.formats().indexOf(trial.choice().format()),
                        trial.choice().chunkRows(),
                        trial.rows(),
                        trial.seconds()))
                .toArray();
    }

    private Profiles slowest(Profiles own) {
        return profiles(agreement.max(values(own)));
    }

    /** {@return latency, seconds per byte, and the costs of all formats; infinite where a format was not measured} */
    private double[] values(Profiles profiles) {
        double[] values =
                new double[LINK_VALUES + COST_VALUES * settings.formats().size()];
        values[0] = profiles.link().latencySeconds();
        values[1] = 1 / profiles.link().bytesPerSecond();
        int at = LINK_VALUES;
        for (WireFormat format : settings.formats()) {
            Cost cost = profiles.codec().costs().get(format);
            for (int i = 0; i < COST_VALUES; i++) {
                values[at++] = cost == null ? Double.POSITIVE_INFINITY : figure(cost, i);
            }
        }
        return values;
    }

    /** {@return one of the figures, of which the largest is the worst} */
    private static double figure(Cost cost, int i) {
        if (i == COST_VALUES - 1) {
            return cost.measured() ? 0 : 1;
        }
        Line line = List.of(cost.encode(), cost.reduce(), cost.decodeSum()).get(i / 2);
        return i % 2 == 0 ? line.fixedSeconds() : line.perElementSeconds();
    }

    private Profiles profiles(double[] values) {
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        int at = LINK_VALUES;
        for (WireFormat format : settings.formats()) {
            if (values[at] < Double.POSITIVE_INFINITY) {
                costs.put(
                        format,
                        new Cost(
                                new Line(values[at], values[at + 1]),
                                new Line(values[at + 2], values[at + 3]),
                                new Line(values[at + 4], values[at + 5]),
                                values[at + 6] == 0));
            }
            at += COST_VALUES;
        }
        return new Profiles(new LinkProfile(values[0], 1 / values[1]), new CodecProfile(costs));
    }
}
