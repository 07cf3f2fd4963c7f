package dev.waterspout.engine.api;

import dev.waterspout.engine.api.Ranks.Attention;
import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.forward.AttentionTrial;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.RankMemory;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.Agreement;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.RankThreads;
import dev.waterspout.engine.generate.WeightAgreement;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.engine.tornado.PeerShards;
import dev.waterspout.engine.tornado.PeerTrial;
import dev.waterspout.engine.tornado.PeerUse;
import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.DefaultSchedule;
import dev.waterspout.interconnect.policy.Saturation;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The ranks of this process and their devices: all ranks of a group, or one if a launcher started several processes.
 * Models run on a session one after the other, or at the same time if they are compared. Used by one thread at a time.
 */
public final class Session implements AutoCloseable {
    private static final String HOST = "host";

    private final RankThreads threads;
    private final List<Device> devices;
    private final List<String> hosts;
    private final int localRanks;
    private final String transport;
    private final Events events;
    private final List<LanguageModel> running = new ArrayList<>();

    private Session(
            RankThreads threads,
            List<Device> devices,
            List<String> hosts,
            int localRanks,
            String transport,
            Events events) {
        this.threads = threads;
        this.devices = devices;
        this.hosts = hosts;
        this.localRanks = localRanks;
        this.transport = transport;
        this.events = events;
    }

    /**
     * Starts all ranks of a group in this process.
     *
     * @param options number and devices of the ranks
     * @param events receives the events of the group
     * @throws dev.waterspout.engine.forward.DeviceException if a device is not there
     */
    public static Session open(Options options, Events events) {
        int ranks = options.ranks().inProcess();
        List<Device> devices = options.ranks().tuning().apply(assign(options.ranks(), ranks, events));
        RankThreads threads = RankThreads.inProcess(ranks, options.exchange().peerTimeout());
        return new Session(threads, devices, List.of("localhost"), ranks, "in-process", events);
    }

    /**
     * Starts this process's rank of the group that a launcher such as mpirun started, or all ranks where none did.
     *
     * @param options number and devices of the ranks
     * @param events receives the events of the group
     * @throws InterconnectException if the group cannot be joined
     * @throws dev.waterspout.engine.forward.DeviceException if a device is not there
     */
    public static Session join(Options options, Events events) {
        int processes = Environment.processes();
        int ranks = options.ranks().among(processes);
        if (processes == 0) {
            return open(options, events);
        }
        RankThreads threads = RankThreads.joining(
                () -> LaunchedGroup.join(options.exchange(), events),
                options.exchange().peerTimeout());
        Transport transport = threads.members().getFirst().transport();
        try {
            if (transport.size() != ranks) {
                throw new InterconnectException("rank " + transport.rank() + " sees a group of " + transport.size()
                        + " ranks, and " + ranks + " were started; the launcher and the transport "
                        + transport.description() + " do not belong together");
            }
            int locals = transport.localSize();
            List<Device> device = localDevice(options.ranks(), transport.localRank(), locals, events);
            return new Session(threads, device, transport.hosts(), locals, transport.description(), events);
        } catch (Throwable failure) {
            threads.abort(failure);
            threads.close();
            throw failure;
        }
    }

    /** Assigns devices. If the user names none, and TornadoVM is installed but lists none, the reason is reported. */
    private static List<Device> assign(Ranks ranks, int number, Events events) {
        DeviceCatalog catalog = new DeviceCatalog();
        if (ranks.devices().isEmpty()) {
            catalog.problem().ifPresent(events::note);
        }
        return catalog.assign(ranks.devices(), number);
    }

    /** Returns the device of this process's rank. The list of devices is assigned to the ranks of each host in turn. */
    private static List<Device> localDevice(Ranks ranks, int localRank, int localRanks, Events events) {
        int named = ranks.devices().size();
        if (named > 1 && named < localRanks) {
            throw new IllegalArgumentException(
                    named + " devices for " + localRanks + " ranks on one host; give one, or one per rank of a host");
        }
        List<Device> all = assign(ranks, Math.max(named, localRanks), events);
        return ranks.tuning().apply(List.of(all.get(localRank)));
    }

    /**
     * Loads a model on these ranks.
     *
     * @param model stays open while the result is used
     * @param options options of the run; the ranks are those that the session was opened with
     * @return the running model, which must be closed before the session
     */
    public LanguageModel load(Model model, Options options) {
        return start(prepare(model, options, Map.of()));
    }

    /**
     * Checks and completes the options of a model. All processes of the group call this at the same time.
     *
     * @param model the model to run
     * @param asked options of the run
     * @param more further options that must be equal in all processes, by name
     * @throws InterconnectException if processes have different options; the message names the first one
     */
    public Deployment prepare(Model model, Options asked, Map<String, String> more) {
        Formats formats = asked.exchange().formats().placed(apart());
        Options options = asked.withExchange(asked.exchange().withFormats(formats));
        ShardPlan plan = options.plan(model, ranks());
        List<String> names = agree(model.file(), () -> {
            Map<String, String> facts = new TreeMap<>(more);
            facts.putAll(Facts.of(model, options, ranks()));
            return facts;
        });
        int width = model.config().width();
        LinkCost link = threads.distributed() ? LinkCost.USUAL : LinkCost.NONE;
        RankOptions common = placed(rankOptions(model, options, localRanks, ranks(), link), names);
        RankOptions planned = new ExchangePlanner(this, events, names).plan(options.exchange(), common, width);
        RankOptions chosen = planned.withSchedule(alike(planned));
        if (options.ranks().attention() == Attention.AUTO) {
            plan = withTriedAttention(model, plan, options, chosen, names);
        }
        return new Deployment(model, plan, names, chosen, options.exchange());
    }

    /** Returns the plan with attention sharded or replicated; devices other than the host compute it sharded. */
    private ShardPlan withTriedAttention(
            Model model, ShardPlan sharded, Options options, RankOptions chosen, List<String> names) {
        if (ranks() == 1 || !names.stream().allMatch(HOST::equals)) {
            return sharded;
        }
        Split split = options.ranks().split().withWholeAttention(true);
        ShardPlan replicated = ShardPlan.of(model, ranks(), split);
        AttentionTrial trial = new AttentionTrial(model, sharded, replicated, chosen);
        int first = threads.members().getFirst().rank();
        threads.run(
                member -> trial.run(devices.get(member.rank() - first).shards(), member.exchange(), member.control()));
        if (leads()) {
            events.explanation(trial.explain());
        }
        return trial.replicates() ? replicated : sharded;
    }

    /**
     * Returns the schedule for several sequences: the exchange of a token does not depend on the other tokens of its
     * pass.
     */
    private static CommSchedule alike(RankOptions options) {
        CommSchedule schedule = options.schedule();
        if (options.limits().sequences() == 1) {
            return schedule;
        }
        Optional<WireFormat> mixing = schedule.choices()
                .map(CommChoice::format)
                .filter(format -> !format.rowsIndependent())
                .findFirst();
        if (mixing.isPresent()) {
            throw new IllegalArgumentException("wire format " + mixing.get().label()
                    + " has scales that all tokens of a pass share, so that a text would depend on other texts;"
                    + " with "
                    + options.limits().sequences() + " parallel sequences a format without shared scales is needed");
        }
        return schedule.uniform(options.limits().sequences());
    }

    /** Whether two of the ranks are in different processes or on different devices. */
    private boolean apart() {
        return ranks() > 1
                && (threads.distributed()
                        || devices.stream().map(Device::name).distinct().count() > 1);
    }

    /**
     * Returns the options that all ranks have in common before measurements.
     *
     * @param model the model to run
     * @param options options of the run
     * @param localRanks number of ranks on this machine
     * @param ranks total number of ranks
     * @param link link between the ranks; {@link LinkCost#NONE} if they share memory
     */
    public static RankOptions rankOptions(Model model, Options options, int localRanks, int ranks, LinkCost link) {
        int positions = options.context().positionsFor(model.config().contextLength());
        Context context = options.context();
        int chunk = (int) Math.min(options.host().batch(), (long) positions * context.sequences());
        BatchLimits limits = BatchLimits.of(context.sequences(), chunk, positions, context.cachePositionsFor(positions))
                .withWindow(model.config().window());
        return new RankOptions(
                limits,
                options.host().threadsPerRank(localRanks),
                schedule(options.exchange(), ranks, model.config().width(), link),
                options.exchange().peerTimeout(),
                Math.clamp(context.logitRows(), context.sequences(), chunk),
                context.cacheType(),
                options.host().activations(),
                options.host().machineCode(),
                overlap(options.exchange(), link));
    }

    /** Ranks that share memory have no transfers to overlap. */
    private static Overlap overlap(Exchange exchange, LinkCost link) {
        boolean shares = exchange.overlap() == Overlap.AUTO && link.equals(LinkCost.NONE);
        return shares ? Overlap.OFF : exchange.overlap();
    }

    /** Devices keep all positions of all layers. */
    private static RankOptions placed(RankOptions options, List<String> devices) {
        return devices.stream().allMatch(HOST::equals)
                ? options
                : options.withLimits(options.limits().withWindow(0));
    }

    private static CommSchedule schedule(Exchange exchange, int ranks, int columns, LinkCost link) {
        CommSchedule schedule = switch (exchange.formats()) {
            case Formats.Fixed(WireFormat format) ->
                DefaultSchedule.of(format, exchange.collective(), ranks, columns, link);
            case Formats.Auto _, Formats.Usual _ ->
                DefaultSchedule.of(PlainFormat.F32, exchange.collective(), ranks, columns, link);
            case Formats.Mapped(FormatMap map) -> {
                map.requireWidth(columns);
                yield DefaultSchedule.of(map.format(), exchange.collective(), ranks, columns, link)
                        .withFormats(map.exchanges());
            }
        };
        return schedule.withSaturation(exchange.allowSaturation() ? Saturation.COUNT : Saturation.END);
    }

    /**
     * Loads a model onto these ranks. All processes of the group call this at the same time.
     *
     * @param deployment the checked and completed options
     * @return the running model, which must be closed before the session
     */
    public LanguageModel start(Deployment deployment) {
        long start = System.nanoTime();
        RankOptions options = deployment.options();
        MemoryCheck.require(hostMemory(deployment), options.limits().positions());
        List<ShardFactory> shards = deployment.exchange().offload().apply(this, options, shards(deployment));
        RankGroup group =
                new RankGroup(deployment.model(), deployment.plan(), options, shards, threads, running.size());
        group.notes(events::note);
        group.explanations(events::explanation);
        try {
            String name = deployment.model().file().name();
            boolean shown = leads() && running.isEmpty();
            group.preload(shown ? (loaded, all) -> events.loading(name, loaded, all) : (loaded, all) -> {});
        } catch (Throwable failure) {
            group.close();
            throw failure;
        }
        LanguageModel model = new LanguageModel(this, deployment, group, (System.nanoTime() - start) / 1e9);
        running.add(model);
        return model;
    }

    private List<RankMemory> hostMemory(Deployment deployment) {
        int first = threads.members().getFirst().rank();
        return IntStream.range(0, devices.size())
                .filter(i -> devices.get(i).name().equals(HOST))
                .mapToObj(i -> RankMemory.of(
                        deployment.model(), deployment.plan().shards().get(first + i), ranks(), deployment.options()))
                .toList();
    }

    /** Executes the commands of the process with rank 0 for the models of this session, until it ends them. */
    public void follow() {
        RankGroup.follow(running.stream().map(LanguageModel::group).toList());
    }

    void closed(LanguageModel model) {
        running.remove(model);
    }

    /** Checks that all processes have the same build, weights and options, and returns the devices of all ranks. */
    private List<String> agree(GgufFile file, Supplier<Map<String, String>> facts) {
        List<String> own = devices.stream().map(Device::name).toList();
        if (!threads.distributed()) {
            return own;
        }
        List<Map<String, String>> all = Agreement.share(threads, facts.get(), Map.of("device", own.getFirst()));
        WeightAgreement.require(threads, file);
        return IntStream.range(0, all.size())
                .mapToObj(rank -> all.get(rank).getOrDefault("device", "?"))
                .toList();
    }

    /**
     * Returns the factories of shards on this process's devices, with links between devices where these are supported
     * and faster.
     */
    private List<ShardFactory> shards(Deployment deployment) {
        List<ShardFactory> staged = devices.stream().map(Device::shards).toList();
        boolean offered = devices.stream().allMatch(device -> device.name().startsWith("tornado:"));
        boolean insists = deployment.exchange().reach() == Exchange.Reach.PEER;
        if (deployment.exchange().reach() == Exchange.Reach.HOST || staged.size() < 2 || !(offered || insists)) {
            return staged;
        }
        PeerShards.Result first = PeerShards.connect(staged);
        if (first instanceof PeerShards.Result.Connected(List<ShardFactory> connected) && !insists) {
            int width = deployment.model().config().width();
            PeerTrial trial = new PeerTrial(connected, deployment.options(), width);
            threads.run(member -> trial.run(member.exchange()));
            events.explanation(trial.explain());
            PeerUse use = trial.decide();
            return use.any() ? connectedOrStaged(PeerShards.connect(staged, use), staged) : staged;
        }
        return connectedOrStaged(first, staged);
    }

    private List<ShardFactory> connectedOrStaged(PeerShards.Result result, List<ShardFactory> staged) {
        return switch (result) {
            case PeerShards.Result.Connected(List<ShardFactory> connected) -> connected;
            case PeerShards.Result.Refused(String reason) -> {
                events.note("partials go through the host: " + reason);
                yield staged;
            }
        };
    }

    /** Returns the number of ranks of the group. */
    public int ranks() {
        return threads.size();
    }

    /** Returns the number of ranks on this machine. */
    public int localRanks() {
        return localRanks;
    }

    /** Returns whether this process has rank 0, which has the logits and schedules the requests. */
    public boolean leads() {
        return threads.hasRoot();
    }

    /** Returns the ranks of this process. */
    public RankThreads threads() {
        return threads;
    }

    /** Returns the devices of this process, one per rank. */
    public List<Device> devices() {
        return devices;
    }

    /** Returns the host of every rank. */
    public List<String> hosts() {
        return hosts;
    }

    /** Returns a description of the transport, as readable text. */
    public String transport() {
        return transport;
    }

    /**
     * Tells the other processes that this one has failed.
     *
     * @param cause the failure
     */
    public void abort(Throwable cause) {
        threads.abort(cause);
    }

    @Override
    public void close() {
        threads.close();
    }
}
