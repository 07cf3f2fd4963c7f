package dev.waterspout.engine.lab.predict;

import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.CostModel;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;

/**
 * Predicts the phases of a generation. Each forward pass takes the compute time of the slowest rank and two exchanges
 * per layer, or one where attention is replicated, by the policy's {@link CostModel}. {@code docs/design/prediction.md}
 * has the formulas.
 */
public final class Predictor {
    private static final Line FREE = new Line(0, 0);
    /** Candidates of a rank for a token: those of the default sampler. */
    private static final int CANDIDATES = 40;
    /** Range of bandwidths in which the break-even is searched, in bytes per second: 1 kbit/s to 8 Pbit/s. */
    private static final double SLOWEST = 125;

    private static final double FASTEST = 1e15;
    private static final double GRID_STEP = 1.1;
    private static final int HALVINGS = 60;

    private final ModelConfig config;
    private final double bytesPerWeight;
    private final ShardPlan plan;
    private final Machine machine;

    /**
     * @param config the model's shape
     * @param bytesPerWeight mean number of bytes per weight over its matrices
     * @param plan its shards
     * @param machine one device per rank of the plan
     */
    public Predictor(ModelConfig config, double bytesPerWeight, ShardPlan plan, Machine machine) {
        if (machine.devices().size() != plan.ranks()) {
            throw new IllegalArgumentException(
                    machine.devices().size() + " devices for " + plan.ranks() + " ranks; there must be one per rank");
        }
        this.config = config;
        this.bytesPerWeight = bytesPerWeight;
        this.plan = plan;
        this.machine = machine;
    }

    /**
     * Returns the average bytes per weight of a model's matrices.
     *
     * @param model whose
     */
    public static double bytesPerWeight(Model model) {
        Shard whole = ShardPlan.of(model, 1, List.of()).shards().getFirst();
        double cache = PassWork.of(model.config(), 0, whole, 1, 0, true).bytes();
        double elements = PassWork.of(model.config(), 1, whole, 1, 0, true).bytes() - cache;
        return ShardWeights.bytes(model, whole) / elements;
    }

    /**
     * Predicts the time to the first token.
     *
     * @param tokens tokens of the prompt, at least 1
     * @param chunk most tokens in one pass
     * @param schedule wire format and collective of each exchange
     */
    public PhaseTime prefill(int tokens, int chunk, CommSchedule schedule) {
        return prefill(tokens, chunk, schedule, Overlap.OFF);
    }

    /**
     * Predicts the time to the first token.
     *
     * @param tokens tokens of the prompt, at least 1
     * @param chunk most tokens in one pass
     * @param schedule wire format and collective of each exchange
     * @param overlap whether parts of a pass are computed while the partials of others are exchanged;
     *     {@link Overlap#AUTO} is the faster alternative for each pass
     */
    public PhaseTime prefill(int tokens, int chunk, CommSchedule schedule, Overlap overlap) {
        PhaseTime whole = pass(Math.min(tokens, chunk), 0, tokens <= chunk, schedule, overlap);
        for (int from = chunk; from < tokens; from += chunk) {
            int rows = Math.min(chunk, tokens - from);
            whole = whole.plus(pass(rows, from, from + rows == tokens, schedule, overlap));
        }
        return whole;
    }

    private PhaseTime pass(int tokens, int position, boolean logits, CommSchedule schedule, Overlap overlap) {
        PhaseTime whole = pass(tokens, position, logits, schedule);
        int parts = Overlap.parts(schedule, tokens);
        if (overlap == Overlap.OFF || parts == 1 || plan.ranks() == 1) {
            return whole;
        }
        PhaseTime overlapped = overlapped(whole, schedule.choice(tokens), parts);
        return overlap == Overlap.AUTO && whole.seconds() < overlapped.seconds() ? whole : overlapped;
    }

    /**
     * A pass whose parts take turns in each half layer. A turn lasts as long as the computation with the codec, as a
     * part's own computation and exchange, or as the transfer of all parts: the longest counts. Nothing is computed
     * during the last transfer.
     */
    private PhaseTime overlapped(PhaseTime whole, CommChoice choice, int parts) {
        CommChoice uncut = new CommChoice(choice.algorithm(), choice.format(), CommChoice.UNCUT);
        int rows = Math.ceilDiv(whole.tokens(), parts);
        int exchanges = plan.exchangesPerLayer() * config.layers();
        double compute = whole.compute() / exchanges;
        double exchange = exchange(uncut, rows, machine.link());
        double transfer = only(uncut, rows, machine.link(), _ -> new Cost(FREE, FREE, FREE));
        double turn = Math.max(
                Math.max(compute + parts * (exchange - transfer), compute / parts + exchange), parts * transfer);
        return whole.withExchange(exchanges * turn + transfer - whole.compute());
    }

    /**
     * Predicts the time of one decoded token.
     *
     * @param position number of tokens before it
     * @param schedule wire format and collective of each exchange
     */
    public PhaseTime decode(int position, CommSchedule schedule) {
        return pass(1, position, true, schedule);
    }

    private PhaseTime pass(int tokens, int position, boolean logits, CommSchedule schedule) {
        CommChoice choice = schedule.choice(tokens);
        double compute = 0;
        for (Shard shard : plan.shards()) {
            PassWork work = PassWork.of(config, bytesPerWeight, shard, tokens, position, logits);
            compute = Math.max(compute, machine.devices().get(shard.rank()).seconds(work));
        }
        if (plan.ranks() == 1) {
            return new PhaseTime(choice, tokens, compute, 0, 0, 0, 0, 0);
        }
        int exchanges = plan.exchangesPerLayer() * config.layers();
        return new PhaseTime(
                choice,
                tokens,
                compute,
                exchanges * only(choice, tokens, LinkCost.NONE, cost -> new Cost(cost.encode(), FREE, FREE)),
                exchanges * only(choice, tokens, machine.link(), cost -> new Cost(FREE, FREE, FREE)),
                exchanges
                        * only(choice, tokens, LinkCost.NONE, cost -> new Cost(FREE, cost.reduce(), cost.decodeSum())),
                exchanges * exchange(choice, tokens, machine.link()),
                other(logits));
    }

    /**
     * Returns the seconds of one exchange.
     *
     * @param choice collective, wire format and chunk size
     * @param rows tokens
     * @param link the link
     */
    public double exchange(CommChoice choice, int rows, LinkCost link) {
        return new CostModel(plan.ranks(), config.width(), link, machine.codec()).seconds(choice, rows);
    }

    /** {@return the time of an exchange if all other steps take none} */
    private double only(CommChoice choice, int rows, LinkCost link, UnaryOperator<Cost> part) {
        Map<WireFormat, Cost> costs = new LinkedHashMap<>();
        machine.codec().costs().forEach((format, cost) -> costs.put(format, part.apply(cost)));
        return new CostModel(plan.ranks(), config.width(), link, new CodecCosts(costs)).seconds(choice, rows);
    }

    /** {@return the time of an order to all ranks, and of their candidates to rank 0} */
    private double other(boolean logits) {
        double seconds = machine.link().latencySeconds();
        if (logits) {
            long bytes = FrameLayout.HEADER_BYTES + LogitsRequest.answerBytes(CANDIDATES, 0, 0);
            seconds += machine.link().seconds(1, (double) bytes * (plan.ranks() - 1));
        }
        return seconds;
    }

    /**
     * Returns the fastest of some choices.
     *
     * @param choices one or more
     * @param rows tokens
     */
    public CommChoice fastest(List<CommChoice> choices, int rows) {
        CommChoice best = choices.getFirst();
        for (CommChoice each : choices) {
            best = exchange(each, rows, machine.link()) < exchange(best, rows, machine.link()) ? each : best;
        }
        return best;
    }

    /**
     * Returns the bandwidth below which a choice is faster than a baseline, at this link's latency.
     *
     * @param choice choice that sends fewer bytes
     * @param baseline choice that it is compared with
     * @param rows tokens of an exchange
     * @return bytes per second; infinite if it is faster at any bandwidth, empty if it never is
     */
    public OptionalDouble breakEven(CommChoice choice, CommChoice baseline, int rows) {
        if (plan.ranks() == 1 || !pays(choice, baseline, rows, SLOWEST)) {
            return OptionalDouble.empty();
        }
        double below = SLOWEST;
        double above = SLOWEST * GRID_STEP;
        while (pays(choice, baseline, rows, above)) {
            below = above;
            above *= GRID_STEP;
            if (above > FASTEST) {
                return OptionalDouble.of(Double.POSITIVE_INFINITY);
            }
        }
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (below + above) / 2;
            if (pays(choice, baseline, rows, middle)) {
                below = middle;
            } else {
                above = middle;
            }
        }
        return OptionalDouble.of(below);
    }

    private boolean pays(CommChoice choice, CommChoice baseline, int rows, double bytesPerSecond) {
        LinkCost link = new LinkCost(machine.link().latencySeconds(), bytesPerSecond);
        return exchange(choice, rows, link) < exchange(baseline, rows, link);
    }
}
