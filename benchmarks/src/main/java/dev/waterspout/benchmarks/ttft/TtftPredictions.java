package dev.waterspout.benchmarks.ttft;

import static dev.waterspout.benchmarks.ttft.CellRunner.number;

import dev.waterspout.engine.lab.predict.Machine;
import dev.waterspout.engine.lab.predict.Machine.Device;
import dev.waterspout.engine.lab.predict.PassWork;
import dev.waterspout.engine.lab.predict.PhaseTime;
import dev.waterspout.engine.lab.predict.Predictor;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.WeightBlocks;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.CommSchedule.Step;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Line;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Predicts every cell from reference cells: those on the fastest link with the longest prompt. The bf16 reference of
 * a model gives the speed of its devices in prefill and in decode, and the latency of the link. The reference of each
 * format gives the cost of its codec. A limited link carries the share of its rate that is left after TCP's overhead.
 */
final class TtftPredictions {
    /** Share of a link's rate that TCP carries, as iperf3 measured on the links of benchmarks/network. */
    private static final double TCP_SHARE = 0.95;

    private static final String REFERENCE = "bf16";

    private final Map<Cell, JsonObject> cells;
    private final Models models;
    private final Map<String, Subject> subjects = new HashMap<>();

    /** The properties of a model that predictions need. */
    private record Subject(ModelConfig config, double bytesPerWeight, WeightBlocks blocks) {}

    TtftPredictions(Map<Cell, JsonObject> cells, Models models) {
        this.cells = new LinkedHashMap<>(cells);
        this.models = models;
    }

    /** {@return the result with its prediction, if there are references for it} */
    JsonObject annotated(Cell cell, JsonObject result) {
        JsonObjectBuilder json = Json.createObjectBuilder(result)
                .remove(TtftTable.PREDICTED)
                .remove(TtftTable.ERROR)
                .remove("predictedDecodeTokensPerSecond");
        try {
            Optional<Cell> reference = reference(cell.withComm(REFERENCE));
            Optional<Machine> machine = reference.flatMap(each -> machine(each, cell, result));
            if (machine.isPresent()) {
                Subject subject = subject(cell.model());
                Predictor predictor =
                        new Predictor(subject.config(), subject.bytesPerWeight(), plan(cell, subject), machine.get());
                CommSchedule schedule = schedule(result);
                PhaseTime prefill = predictor.prefill(cell.prompt(), cell.prompt(), schedule);
                int middle = cell.prompt() + result.getInt("predictTokens") / 2;
                json.add(TtftTable.PREDICTED, prefill.seconds())
                        .add(
                                "predictedDecodeTokensPerSecond",
                                predictor.decode(middle, schedule).tokensPerSecond());
                boolean isReference = !cell.comm().equals("auto")
                        && reference(cell).filter(cell::equals).isPresent();
                if (!isReference) {
                    json.add(TtftTable.ERROR, prefill.seconds() / number(result, "ttftSeconds") - 1);
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        return json.build();
    }

    /** {@return the reference of a cell} */
    private Optional<Cell> reference(Cell cell) {
        return cells.keySet().stream()
                .filter(each -> each.equals(cell.withLink(each.link()).withPrompt(each.prompt())))
                .max(Comparator.comparingDouble(Cell::bytesPerSecond).thenComparingInt(Cell::prompt));
    }

    private Optional<Machine> machine(Cell reference, Cell cell, JsonObject result) {
        try {
            Subject subject = subject(cell.model());
            JsonObject known = Objects.requireNonNull(cells.get(reference));
            int exchanges = 2 * subject.config().layers();
            Map<WireFormat, Cost> costs = new LinkedHashMap<>();
            for (CommChoice choice : schedule(result).choices().toList()) {
                Optional<Cost> cost = cost(cell, choice.format(), exchanges, subject.config());
                if (cost.isEmpty()) {
                    return Optional.empty();
                }
                costs.put(choice.format(), cost.get());
            }
            JsonObject slowest = TtftTable.slowest(known);
            JsonObject decode = rank(known.getJsonObject("decode"), slowest.getInt("rank"));
            int steps = known.getJsonObject("decode").getInt("tokens");
            double latency = number(decode, "transferSeconds") / steps / exchanges;
            double copied = number(slowest, "bytesSent")
                    / Math.max(1e-9, number(slowest, "transferSeconds") - exchanges * latency);
            double bandwidth = Math.min(copied, TCP_SHARE * cell.bytesPerSecond());
            return Optional.of(new Machine(
                    devices(reference, known, subject), new LinkCost(latency, bandwidth), new CodecCosts(costs)));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private List<Device> devices(Cell reference, JsonObject known, Subject subject) {
        JsonObject decode = known.getJsonObject("decode");
        int steps = decode.getInt("tokens");
        int middle = reference.prompt() + steps / 2;
        ShardPlan plan = plan(reference, subject);
        return IntStream.range(0, reference.ranks())
                .mapToObj(rank -> {
                    PassWork many = PassWork.of(
                            subject.config(),
                            subject.bytesPerWeight(),
                            plan.shards().get(rank),
                            reference.prompt(),
                            0,
                            true);
                    PassWork one = PassWork.of(
                            subject.config(),
                            subject.bytesPerWeight(),
                            plan.shards().get(rank),
                            1,
                            middle,
                            true);
                    double prefillSeconds = number(rank(known.getJsonObject("prefill"), rank), "computeSeconds");
                    return new Device(
                            many.flops() / prefillSeconds,
                            one.bytes() * steps / number(rank(decode, rank), "computeSeconds"));
                })
                .toList();
    }

    /** {@return the cost of a format's codec per element, by its reference} */
    private Optional<Cost> cost(Cell cell, WireFormat format, int exchanges, ModelConfig config) {
        return cells.keySet().stream()
                .filter(each -> !each.comm().equals("auto")
                        && WireFormat.parse(each.comm()).equals(format)
                        && reference(cell.withComm(each.comm()))
                                .filter(each::equals)
                                .isPresent())
                .findFirst()
                .map(reference -> {
                    JsonObject known = Objects.requireNonNull(cells.get(reference));
                    JsonObject slowest = TtftTable.slowest(known);
                    double elements = (double) exchanges * reference.prompt() * config.width();
                    boolean gather = schedule(known).choice(reference.prompt()).algorithm() == Algorithm.ALLGATHER;
                    // All-gather sums one payload per rank; two-step reduces its part and sums one payload.
                    double summed = elements * (gather ? reference.ranks() : 2);
                    Line sum = new Line(0, number(slowest, "dequantizeSumSeconds") / summed);
                    return new Cost(new Line(0, number(slowest, "quantizeSeconds") / elements), sum, sum);
                });
    }

    private static CommSchedule schedule(JsonObject result) {
        JsonObject choice = result.getJsonObject("choice");
        return new CommSchedule(List.of(
                new Step(1, choice(choice.getJsonObject("decode"))),
                new Step(Integer.MAX_VALUE, choice(choice.getJsonObject("prefill")))));
    }

    private static CommChoice choice(JsonObject json) {
        return new CommChoice(
                Algorithm.valueOf(json.getString("collective").toUpperCase(Locale.ROOT)),
                WireFormat.parse(json.getString("format")),
                json.getInt("chunkRows", CommChoice.UNCUT));
    }

    private static JsonObject rank(JsonObject phase, int rank) {
        return phase.getJsonArray("ranks").getJsonObject(rank);
    }

    private static ShardPlan plan(Cell cell, Subject subject) {
        return ShardPlan.of(subject.config(), subject.blocks(), cell.ranks(), List.of());
    }

    private Subject subject(String name) throws IOException {
        Subject known = subjects.get(name);
        if (known == null) {
            try (Model model = models.open(name)) {
                known = new Subject(model.config(), Predictor.bytesPerWeight(model), WeightBlocks.of(model));
            }
            subjects.put(name, known);
        }
        return known;
    }
}
