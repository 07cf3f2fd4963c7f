package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ControlChannel;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.FrameExchange;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Times the attention half of some layers alternately in two variants: with heads divided among ranks and an exchange,
 * and with all heads on every rank and no exchange. The decision assumes that a run generates as many tokens as its
 * prompt has. All ranks use it at the same time and reach the same decision.
 */
public final class AttentionTrial {
    /** Minimum speed-up of replicated attention, which needs more memory. */
    private static final double GAIN = 0.05;

    private static final int MOST_LAYERS = 4;
    private static final int MOST_ROWS = 64;
    private static final int WARM_UP = 3;
    private static final int ROUNDS = 9;

    private final Model model;
    private final List<ShardPlan> plans;
    private final RankOptions options;
    private final int layers;
    /** Per plan: nanoseconds of the attention half of a layer for one token, and for the prompt of the trial. */
    private final long[][] nanos;

    /**
     * @param model the model to run
     * @param sharded the plan with divided heads
     * @param replicated the plan with all heads on every rank
     * @param options options of the run
     */
    public AttentionTrial(Model model, ShardPlan sharded, ShardPlan replicated, RankOptions options) {
        this.model = model;
        this.plans = List.of(sharded, replicated);
        int rows = Math.min(MOST_ROWS, options.chunk());
        this.options = new RankOptions(
                rows,
                rows,
                options.threads(),
                options.schedule(),
                options.peerTimeout(),
                1,
                options.cacheType(),
                options.activations(),
                options.machineCode());
        this.layers = Math.min(MOST_LAYERS, model.config().layers());
        this.nanos = new long[2][2];
    }

    /**
     * Runs the trial. Called on the threads of all ranks at the same time.
     *
     * @param factory puts shards on the rank's device
     * @param exchange the rank's frames, idle
     * @param control control messages of the rank
     */
    public void run(ShardFactory factory, FrameExchange exchange, ControlChannel control) {
        int[] own = new int[4];
        try (Arena arena = Arena.ofShared();
                ShardCompute sharded = create(factory, exchange.rank(), plans.getFirst());
                ShardCompute replicated = create(factory, exchange.rank(), plans.getLast())) {
            CollectiveSet collectives = new CollectiveSet(
                    options.schedule(),
                    exchange,
                    new ExchangeCounters(),
                    options.chunk(),
                    model.config().width(),
                    arena);
            for (int size = 0; size < 2; size++) {
                int rows = size == 0 ? 1 : options.chunk();
                long[][] rounds = new long[2][ROUNDS];
                for (int round = -WARM_UP; round < ROUNDS; round++) {
                    long first = time(sharded, collectives, control, rows);
                    long second = time(replicated, null, control, rows);
                    if (round >= 0) {
                        rounds[0][round] = first;
                        rounds[1][round] = second;
                    }
                }
                own[size] = typical(rounds[0]);
                own[2 + size] = typical(rounds[1]);
            }
        }
        for (int[] each : control.share(own)) {
            synchronized (nanos) {
                for (int i = 0; i < own.length; i++) {
                    nanos[i / 2][i % 2] = Math.max(nanos[i / 2][i % 2], each[i]);
                }
            }
        }
    }

    private ShardCompute create(ShardFactory factory, int rank, ShardPlan plan) {
        return factory.create(model, plan.shards().get(rank), plan.ranks(), options);
    }

    /**
     * Returns the nanoseconds of the attention halves of all layers of the trial, with or without an exchange after
     * each.
     */
    private long time(ShardCompute shard, @Nullable CollectiveSet exchanges, ControlChannel control, int rows) {
        shard.begin(List.of(new SequenceRows(new int[rows], 0, 0)));
        control.barrier();
        long start = System.nanoTime();
        for (int layer = 0; layer < layers; layer++) {
            shard.attention(layer);
            if (exchanges == null) {
                shard.addOwn(rows);
            } else {
                Collective collective = exchanges.of(rows, 2 * layer);
                collective.sum(2 * layer, shard.port(collective.format()), rows);
            }
        }
        return System.nanoTime() - start;
    }

    /** Returns the lower quartile of the times of one layer. */
    private int typical(long[] rounds) {
        long[] sorted = rounds.clone();
        Arrays.sort(sorted);
        return Math.clamp(sorted[(sorted.length - 1) / 4] / layers, 1, Integer.MAX_VALUE);
    }

    /** {@return whether replicated attention is faster} Valid after every rank has run. */
    public boolean replicates() {
        return seconds(1) < (1 - GAIN) * seconds(0);
    }

    /**
     * Returns the time of the attention half of a layer in one pass of the prompt and as many passes of one token as
     * the prompt has tokens.
     */
    private double seconds(int plan) {
        return ((double) nanos[plan][0] * options.chunk() + nanos[plan][1]) / 1e9;
    }

    /** {@return a line for the user: the decision and the times behind it} */
    public String explain() {
        return String.format(
                Locale.ROOT,
                "attention: %s (the half layer of one token takes %.0f us sharded, %.0f us replicated; of %d tokens"
                        + " %.0f and %.0f us)",
                replicates() ? "replicated" : "sharded",
                nanos[0][0] / 1e3,
                nanos[1][0] / 1e3,
                options.chunk(),
                nanos[0][1] / 1e3,
                nanos[1][1] / 1e3);
    }
}
