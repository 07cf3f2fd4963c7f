package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.policy.CodecProfile.Cost;
import dev.waterspout.interconnect.policy.CodecProfile.Line;
import dev.waterspout.interconnect.policy.Decision.Option;
import dev.waterspout.interconnect.policy.Decision.Row;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Decides how exchanges of each size are done. Links and codecs are measured, a {@link CostModel} predicts every choice,
 * trials of the real collectives correct the predictions, and a choice is taken only where it is at least 5 % faster than
 * plain and than what the next smaller size takes.
 *
 * <p>All ranks decide the same: every number that a decision depends on has been shared before, and is the slowest rank's.
 */
public final class CommPolicy {
    private static final int LINK_VALUES = 2;
    private static final int COST_VALUES = 6;

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
     * @param cache looked at and written to on the root alone
     * @throws InterconnectException if ranks were given different settings
     */
    public Decision measureAndDecide(Optional<ProfileCache> cache) {
        if (ranks == 1) {
            return decide(new Profiles(LinkProfile.NONE, CodecProfile.NONE));
        }
        requireSameSettings();
        WarmUp.run(
                settings,
                ranks,
                bench.ports(),
                bench.nanoClock(),
                settings.budget().warmUp());
        return decided(measure(cache));
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
        return decided(slowest(profiles));
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

    private Profiles measure(Optional<ProfileCache> cache) {
        boolean root = bench.transport().rank() == 0;
        Optional<Profiles> known = root ? cache.flatMap(ProfileCache::load) : Optional.empty();
        Optional<Profiles> shared = fromRoot(known);
        LinkProfile link = shared.isPresent()
                ? shared.get().link()
                : new LinkProbe(
                                bench.transport(),
                                bench.control(),
                                bench.nanoClock(),
                                settings.budget().link())
                        .measure();
        CodecProfile codec = shared.map(Profiles::codec).orElse(CodecProfile.NONE);
        List<WireFormat> unknown = byPromise().stream()
                .filter(format -> !codec.costs().containsKey(format))
                .toList();
        if (unknown.isEmpty()) {
            return new Profiles(link, codec);
        }
        CodecProfile measured = new CodecProbe(bench.control(), ranks, bench.ports(), bench.nanoClock())
                .measure(
                        unknown,
                        settings.maxRows(),
                        settings.columns(),
                        settings.budget().codecPerFormat(),
                        settings.budget().codec());
        Profiles all = new Profiles(link, codec.with(measured));
        if (root) {
            CodecProfile cached = known.map(Profiles::codec).orElse(CodecProfile.NONE);
            cache.ifPresent(file -> file.store(new Profiles(link, cached.with(measured))));
        }
        return all;
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

    private Decision decided(Profiles profiles) {
        CostModel model = new CostModel(ranks, settings.columns(), profiles.link(), profiles.codec());
        Candidates candidates = new Candidates(settings, ranks, profiles.link(), profiles.codec());
        CommChoice first = candidates.baselines().getFirst();
        Calibration calibration = new Calibration(model, first);
        new Trials(bench, settings, candidates, calibration).run();
        List<Integer> sizes = candidates.sizes();
        Chooser chooser = new Chooser(sizes, candidates.baselines(), calibration::expected);
        Chooser.Options options = rows -> candidates.of(rows).stream()
                .filter(choice -> choice.equals(first) || calibration.allows(choice, rows))
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
        return new Decision(chooser.schedule(chosen), table, profiles, ranks, settings.formats());
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
    private Optional<Profiles> fromRoot(Optional<Profiles> known) {
        double[] root = agreement.share(values(known.orElse(new Profiles(LinkProfile.NONE, CodecProfile.NONE))))[0];
        // No cache holds an infinite bandwidth: that is a single rank's.
        return root[1] == 0 ? Optional.empty() : Optional.of(profiles(root));
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
                values[at++] = cost == null ? Double.POSITIVE_INFINITY : coefficient(cost, i);
            }
        }
        return values;
    }

    private static double coefficient(Cost cost, int i) {
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
                                new Line(values[at + 4], values[at + 5])));
            }
            at += COST_VALUES;
        }
        return new Profiles(new LinkProfile(values[0], 1 / values[1]), new CodecProfile(costs));
    }
}
