package dev.waterspout.engine.api;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.environment.Version;
import dev.waterspout.engine.forward.CodecSize;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.RankThreads.Member;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommPolicy;
import dev.waterspout.interconnect.policy.CommSettings;
import dev.waterspout.interconnect.policy.CommSettings.Budget;
import dev.waterspout.interconnect.policy.Decision;
import dev.waterspout.interconnect.policy.MeasurementCache;
import dev.waterspout.interconnect.policy.MeasurementKey;
import dev.waterspout.interconnect.policy.Saturation;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Clocks;
import dev.waterspout.interconnect.policy.measure.CodecSource;
import dev.waterspout.interconnect.policy.measure.HostPorts;
import dev.waterspout.interconnect.policy.trial.Trials;
import dev.waterspout.kernels.codec.RangeCheck;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Decides the schedule of a session's exchanges, if the options do not fix the formats. */
final class ExchangePlanner {
    private static final String HOST = "host";

    private final Session session;
    private final Events events;
    private final List<String> devices;

    /**
     * @param session the ranks
     * @param events receives the reasons
     * @param devices devices of all ranks
     */
    ExchangePlanner(Session session, Events events, List<String> devices) {
        this.session = session;
        this.events = events;
        this.devices = devices;
    }

    /**
     * Returns the options with the decided schedule, the same on every rank.
     *
     * @param exchange wire formats, collective and time limit to choose from
     * @param common chunk and threads of the ranks, and the schedule if none is to be measured
     * @param columns elements of a partial's row
     */
    RankOptions plan(Exchange exchange, RankOptions common, int columns) {
        if (!(exchange.formats() instanceof Formats.Auto auto)) {
            return common;
        }
        boolean phaseLocked = devices.stream().anyMatch(device -> !device.equals(HOST));
        // A device compiles one format into its kernels, and cannot change to a format with a larger range.
        List<WireFormat> formats = auto.quality(columns).allowed(auto.qualityPercent()).stream()
                .filter(each -> !phaseLocked || !RangeCheck.isNeeded(each))
                .toList();
        CommSettings settings = new CommSettings(
                formats,
                exchange.collective().map(List::of).orElse(List.of(Algorithm.values())),
                common.chunk(),
                columns,
                phaseLocked,
                auto.measuring() == Formats.Measuring.FULL ? Budget.FULL : Budget.QUICK);
        long start = System.nanoTime();
        AtomicReference<Decision> decided = new AtomicReference<>();
        session.threads().run(member -> decided.set(decide(member, settings, common)));
        Decision decision = Objects.requireNonNull(decided.get());
        if (session.leads()) {
            double seconds = (System.nanoTime() - start) * 1e-9;
            events.explanation(String.format(Locale.ROOT, "decided in %.2f s%n%s", seconds, decision.explain()));
        }
        return common.withSchedule(decision.schedule().withSaturation(Saturation.REPLACE));
    }

    private Decision decide(Member member, CommSettings settings, RankOptions common) {
        try (Arena arena = Arena.ofShared();
                WorkerPool pool = new WorkerPool(common.threads(), "probe-" + member.rank())) {
            Bench bench = new Bench(
                    member.transport(),
                    member.exchange(),
                    member.control(),
                    new HostPorts(pool, settings.maxRows(), settings.columns(), arena),
                    codecs(member),
                    Clocks.system());
            return new CommPolicy(bench, settings, Trials::run).measureAndDecide(cache(member, settings, common));
        }
    }

    /**
     * A device with its own encode and sum kernels measures them. Formats without such kernels, and the host, are
     * measured with ports.
     */
    private CodecSource codecs(Member member) {
        Device device = session.devices().get(session.threads().distributed() ? 0 : member.rank());
        return device.name().equals(HOST)
                ? CodecSource.PORTS
                : (formats, maxRows, columns, ranks) ->
                        device.shards().codecs(formats, new CodecSize(maxRows, columns, ranks));
    }

    private Optional<MeasurementCache> cache(Member member, CommSettings settings, RankOptions common) {
        // The speed of codecs depends on the rank's processor and JVM.
        int[][] machines =
                member.control().share(new int[] {Environment.machine().hashCode()});
        List<String> computes = IntStream.range(0, devices.size())
                .mapToObj(rank ->
                        devices.get(rank) + "*" + common.threads() + "@" + Integer.toHexString(machines[rank][0]))
                .toList();
        MeasurementKey key = new MeasurementKey(
                session.hosts(),
                session.transport(),
                session.ranks(),
                computes,
                Version.number() + " columns " + settings.columns());
        // All ranks store the result; only the root's messages are shown to the user.
        Consumer<String> notes = member.rank() == 0 ? events::note : note -> {};
        return Environment.cacheFolder()
                .map(folder -> new MeasurementCache(
                        Path.of(folder), key, MeasurementCache.MAX_AGE, InstantSource.system(), notes));
    }
}
