package dev.waterspout.engine.generate;

import dev.waterspout.engine.batch.Scheduler;
import dev.waterspout.engine.batch.Step;
import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.batch.Step.Chunk;
import dev.waterspout.engine.forward.LoadListener;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.Rank;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.SequenceRows;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.generate.RankThreads.Member;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.logits.Candidates;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.host.CacheType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A model on the ranks of this process. All ranks of the group run the same forward passes, and rank 0 receives the
 * logits. The process of rank 0 leads: its callers call the methods of this class, and it sends each step to the other
 * processes, which {@link #follow}. Several groups may share the same ranks, for example to compare two plans; their
 * passes run one after another. Used by one thread at a time.
 */
public final class RankGroup implements AutoCloseable {
    private final RankThreads threads;
    private final GgufFile weights;
    private final boolean ownsThreads;
    private final int number;
    private final RankOptions options;
    private final int vocabulary;
    private final Map<Integer, Rank> ranks = new ConcurrentHashMap<>();
    /** Used by the thread of this process's first rank. */
    private final BlockTables tables = new BlockTables();

    private final GenerationLoop loop;
    private final OverlapChoice overlap;
    private Consumer<String> notes = _ -> {};
    private boolean saturationNoted;
    private boolean undividedNoted;

    /**
     * Creates every rank's shard on its device, on the rank's thread.
     *
     * @param model stays open while the group is used
     * @param plan one shard per rank
     * @param options common to all ranks
     * @param devices factories of the shards, in the order of this process's ranks
     * @param threads the ranks of this process; stay open while the group is used
     */
    public RankGroup(
            Model model, ShardPlan plan, RankOptions options, List<ShardFactory> devices, RankThreads threads) {
        this(model, plan, options, devices, threads, 0);
    }

    /**
     * Creates another group on the same ranks.
     *
     * @param model stays open while the group is used
     * @param plan one shard per rank
     * @param options common to all ranks
     * @param devices factories of the shards, in the order of this process's ranks
     * @param threads the ranks of this process; stay open while the group is used
     * @param number number of the group on these ranks, from 0, the same in every process
     */
    public RankGroup(
            Model model,
            ShardPlan plan,
            RankOptions options,
            List<ShardFactory> devices,
            RankThreads threads,
            int number) {
        this(model, plan, options, devices, threads, number, false);
    }

    private RankGroup(
            Model model,
            ShardPlan plan,
            RankOptions options,
            List<ShardFactory> devices,
            RankThreads threads,
            int number,
            boolean ownsThreads) {
        this.options = options;
        this.overlap = new OverlapChoice(options.overlap());
        this.vocabulary = model.config().vocabulary();
        this.number = number;
        this.ownsThreads = ownsThreads;
        this.threads = threads;
        this.weights = model.file();
        this.loop = new GenerationLoop(this, threads, new Scheduler(options.limits()));
        int first = threads.members().getFirst().rank();
        try {
            threads.run(member -> {
                Shard shard = plan.shards().get(member.rank());
                ShardCompute compute = devices.get(member.rank() - first).create(model, shard, plan.ranks(), options);
                try {
                    ranks.put(
                            member.rank(),
                            new Rank(model, plan, compute, member.exchange(), member.counters(), options));
                } catch (Throwable failure) {
                    compute.close();
                    throw failure;
                }
            });
        } catch (Throwable failure) {
            close();
            throw failure;
        }
    }

    /**
     * Starts all ranks in this process.
     *
     * @param model stays open while the group is used
     * @param plan one shard per rank
     * @param options common to all ranks
     * @param devices factories of the ranks' shards, in rank order
     */
    public static RankGroup inProcess(Model model, ShardPlan plan, RankOptions options, List<ShardFactory> devices) {
        RankThreads threads = RankThreads.inProcess(plan.ranks(), options.peerTimeout());
        return new RankGroup(model, plan, options, devices, threads, 0, true);
    }

    /** Returns the number of positions of a sequence. */
    public int capacity() {
        return options.context();
    }

    /** Returns the number of logits of a token. */
    public int vocabulary() {
        return vocabulary;
    }

    /** Returns the largest number of tokens in one forward pass. */
    public int chunk() {
        return options.chunk();
    }

    /**
     * Reads the weights of this process's ranks once, so that the first token does not wait for the disk.
     *
     * @param listener receives the progress
     */
    public void preload(LoadListener listener) {
        long all = ranks.values().stream()
                .mapToLong(rank -> rank.shard().weightBytes())
                .sum();
        AtomicLong loaded = new AtomicLong();
        threads.run(member -> reading(() -> rank(member.rank()).shard().preload(bytes -> {
            member.transport().alive();
            listener.loaded(loaded.addAndGet(bytes), all);
        })));
    }

    /**
     * Runs a chunk of tokens of one text through all layers, on every rank. Waits until no generation runs; the KV
     * cache of earlier generations is discarded. Passes that belong together, and the {@link #output} of their tokens,
     * are made in one {@link #exclusively} where other threads generate.
     *
     * @param tokens token ids, at most {@link #chunk}
     * @param position position of the first: 0, or the one after the last pass's, because sliding-window layers keep
     *     only their window
     * @param wantsLogits whether all logits of the last token are needed
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails while others wait for it
     */
    public void forward(int[] tokens, int position, boolean wantsLogits) {
        forward(tokens, position, wantsLogits ? LogitsRequest.ALL : LogitsRequest.NONE);
    }

    /** Does the same, and gathers the logits of the last token in the form that is wanted. */
    public void forward(int[] tokens, int position, LogitsRequest wanted) {
        boolean wantsLogits = wanted.extent() != LogitsRequest.Extent.NONE;
        List<Integer> ids = Arrays.stream(tokens).boxed().toList();
        Step step = new Step(
                List.of(BlockTables.ofOne(options.limits(), position + tokens.length)),
                List.of(),
                List.of(new Chunk(0, 0, position, ids, wantsLogits)));
        exclusively(() -> {
            loop.forget();
            run(step, wantsLogits ? List.of(wanted) : List.of());
        });
    }

    /**
     * Runs a task while no generation runs, on the thread of rank 0, and waits for it.
     *
     * @param task may run forward passes
     */
    public void exclusively(Runnable task) {
        loop.exclusively(task);
    }

    /** Returns the generation loop of this group. */
    GenerationLoop loop() {
        return loop;
    }

    /**
     * Runs a step on every rank. Called on the thread of rank 0 while no other step runs.
     *
     * @param wanted the form of the logits for each chunk with some
     */
    void run(Step step, List<LogitsRequest> wanted) {
        Pass pass = pass(step, wanted);
        int rows = step.rows();
        boolean divides = options.overlap() != Overlap.OFF && rank(0).takesParts(rows);
        boolean overlapped = divides && overlap.next(rows);
        long start = System.nanoTime();
        threads.run(member -> {
            order(member, new Order.Run(step, wanted, overlapped));
            run(member, pass, overlapped);
        });
        if (divides) {
            overlap.took(rows, overlapped, System.nanoTime() - start);
        }
        noteUndivided(rows);
        noteSaturation();
    }

    private void noteUndivided(int rows) {
        boolean wanted = options.overlap() == Overlap.ON && Overlap.parts(rank(0).schedule(), rows) > 1;
        if (!undividedNoted && wanted && !rank(0).takesParts(rows)) {
            undividedNoted = true;
            notes.accept("--overlap on has no effect: partials of a rank go from device to device, or another device"
                    + " encodes them");
        }
    }

    /**
     * Repeats the pass in a wider format if partials exceeded the range of their wire format and the schedule has such
     * a format.
     */
    private void run(Member member, Pass pass, boolean overlap) {
        Rank rank = rank(member.rank());
        boolean overlapped = overlap && rank.agreeOnParts(member.control());
        reading(() -> {
            pass.copies.forEach(copy -> rank.shard().copyBlock(copy));
            rank.forward(pass.parts, pass.wanted, overlapped);
            if (rank.replaceSaturated(member.control())) {
                rank.forward(pass.parts, pass.wanted, overlapped);
            }
        });
    }

    /**
     * Runs code that reads weights from the file mapping. A truncated file is reported before the missing pages are
     * accessed. If the file is truncated during the call, the JVM turns faults in its own code into an InternalError.
     */
    private void reading(Runnable work) {
        weights.requireUncut();
        try {
            work.run();
        } catch (InternalError fault) {
            weights.requireUncut();
            throw fault;
        }
    }

    /**
     * A step in the form that ranks run.
     *
     * @param copies block copies, before the forward pass
     * @param parts the rows of each sequence
     * @param wanted form of the logits of each sequence
     */
    private record Pass(List<BlockCopy> copies, List<SequenceRows> parts, List<LogitsRequest> wanted) {}

    /** Applies the table changes of a step, and looks up the blocks of its sequences. */
    private Pass pass(Step step, List<LogitsRequest> wanted) {
        step.tables().forEach(tables::apply);
        List<SequenceRows> parts = new ArrayList<>();
        List<LogitsRequest> each = new ArrayList<>();
        Iterator<LogitsRequest> requests = wanted.iterator();
        for (Chunk chunk : step.chunks()) {
            parts.add(tables.rows(chunk));
            each.add(chunk.wantsLogits() ? requests.next() : LogitsRequest.NONE);
        }
        return new Pass(step.copies(), parts, each);
    }

    private void noteSaturation() {
        long saturated = ranks.values().stream().mapToLong(Rank::saturated).sum();
        boolean replaced = !rank(threads.members().getFirst().rank()).schedule().equals(options.schedule());
        if (!saturationNoted && (saturated > 0 || replaced)) {
            saturationNoted = true;
            notes.accept("partials are beyond the range of the exchange's format ("
                    + formats(options.schedule()) + "): "
                    + (replaced
                            ? "the exchange goes on in "
                                    + formats(rank(threads.members().getFirst().rank())
                                            .schedule())
                            : "values are cut to the largest that it has"));
        }
    }

    private static String formats(CommSchedule schedule) {
        return schedule.choices()
                .map(choice -> choice.format().label())
                .distinct()
                .collect(Collectors.joining(", "));
    }

    /**
     * Sets the receiver of notes about the run, such as one about partials beyond the range of their format.
     *
     * @param sink receives each sentence once
     */
    public void notes(Consumer<String> sink) {
        notes = sink;
    }

    /**
     * Sets the receiver of decisions that are made by the times of forward passes, such as that on overlap.
     *
     * @param sink receiver of a line per decision
     */
    public void explanations(Consumer<String> sink) {
        overlap.explain(sink);
    }

    /** Returns the cause of unusable logits for a message: the weights, or a wire format with a small range. */
    public String likelyCause() {
        List<String> causes = new ArrayList<>();
        if (options.cacheType() == CacheType.F16) {
            causes.add("keys or values beyond 65504 in the f16 cache (--cache-type f32 holds them)");
        } else if (options.cacheType() == CacheType.Q8_0) {
            causes.add("keys or values beyond 8.3 million in the q8_0 cache (--cache-type f32 holds them)");
        }
        if (threads.size() > 1 && options.schedule().canSaturate()) {
            causes.add("partials beyond the range of the exchange's format " + formats(options.schedule()));
        }
        causes.add("damaged weights");
        return String.join(", or ", causes);
    }

    /** Returns the largest number of tokens whose logits are computed at a time. */
    public int logitRows() {
        return options.logitRows();
    }

    /**
     * Computes the logits of some tokens of the chunk that {@link #forward} ran last.
     *
     * @param first index of the first one, from 0 within the chunk
     * @param rows number of rows, at most {@link #logitRows}
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails while others wait for it
     */
    public void output(int first, int rows) {
        threads.run(member -> {
            order(member, new Order.Output(first, rows));
            rank(member.rank()).output(first, rows);
        });
    }

    /**
     * Gathers further candidates of a token of the last gather.
     *
     * @param row row of the token among those whose logits were asked for
     * @param wanted more candidates or all logits
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails while others wait for it
     */
    void gather(int row, LogitsRequest wanted) {
        threads.run(member -> {
            order(member, new Order.Gather(row, wanted));
            rank(member.rank()).gather(row, wanted);
        });
    }

    /** {@return the candidates of a token that were gathered last} */
    Candidates candidates(int row) {
        return rank(0).candidates(row);
    }

    /** Returns all logits gathered last, f32 {@code [rows][vocabulary]}. */
    public MemorySegment logits() {
        return rank(0).logits();
    }

    /** {@return the logits of one of the tokens that were computed last, f32 {@code [vocabulary]}} */
    MemorySegment logits(int row) {
        MemorySegment all = logits();
        long bytes = all.byteSize() / options.logitRows();
        return all.asSlice(row * bytes, bytes);
    }

    /** Returns the work counters of every rank of the group, in rank order. */
    public List<RankWork> work() {
        @Nullable RankWork[] work = new @Nullable RankWork[threads.size()];
        threads.run(member -> {
            order(member, Order.REPORT);
            if (threads.distributed()) {
                int[][] reports = member.control().share(work(member.rank()).toWords());
                Arrays.setAll(work, rank -> RankWork.ofWords(reports[rank]));
            } else {
                work[member.rank()] = work(member.rank());
            }
        });
        return Arrays.stream(work).map(Objects::requireNonNull).toList();
    }

    /** Ends {@link #follow} in all other processes. */
    public void dismiss() {
        threads.run(member -> order(member, Order.END));
    }

    /** Runs the steps that the process of rank 0 sends, until it ends the group. Called in every other process. */
    public void follow() {
        follow(List.of(this));
    }

    /**
     * Runs the steps of several groups, as {@link #follow()} does for one.
     *
     * @param groups groups on the same ranks, in the order of their numbers
     */
    public static void follow(List<RankGroup> groups) {
        groups.getFirst().threads.run(member -> {
            boolean more = true;
            while (more) {
                Order.Addressed addressed = Order.receive(member.control());
                more = groups.get(addressed.group()).obey(member, addressed.order());
            }
        });
    }

    /** {@return whether further steps follow} */
    private boolean obey(Member member, Order order) {
        switch (order) {
            case Order.Run run -> run(member, pass(run.step(), run.wanted()), run.overlap());
            case Order.Gather gather -> rank(member.rank()).gather(gather.row(), gather.wanted());
            case Order.Output output -> rank(member.rank()).output(output.first(), output.rows());
            case Order.Signal signal -> {
                if (signal.equals(Order.END)) {
                    return false;
                }
                var _ = member.control().share(work(member.rank()).toWords());
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            threads.run(member -> {
                if (member.rank() == threads.members().getFirst().rank()) {
                    loop.close();
                }
                Rank started = ranks.remove(member.rank());
                if (started != null) {
                    started.close();
                }
            });
        } finally {
            if (ownsThreads) {
                threads.close();
            }
        }
    }

    private void order(Member member, Order order) {
        if (threads.distributed() && threads.hasRoot()) {
            order.send(member.control(), number);
        }
    }

    private RankWork work(int rank) {
        Rank own = rank(rank);
        return new RankWork(own.computeNanos(), own.exchanged(), own.shard().expertLoad());
    }

    private Rank rank(int rank) {
        return Objects.requireNonNull(ranks.get(rank));
    }
}
