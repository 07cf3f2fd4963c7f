package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.forward.ExpertLoad;
import dev.waterspout.engine.generate.GenerationReport.Phase;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.interconnect.collective.CollectiveKind;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.policy.CommChoice;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Locale;
import java.util.Map;

/** The output formats of {@code --stats}. The JSON object is the last line on stderr. */
public enum StatsFormat {
    /** A few lines of readable text. */
    TEXT {
        @Override
        public void print(RunSummary run, PrintWriter err) {
            err.printf(
                    Locale.ROOT,
                    "%nloaded in %.2f s, first token after %.3f s, seed %d%n",
                    run.loadSeconds(),
                    run.report().firstTokenSeconds(),
                    run.sampling().seed());
            printPhase("prefill", run.report().prefill(), err);
            printPhase("decode", run.report().decode(), err);
            if (run.report().widened() > 0) {
                err.printf(
                        Locale.ROOT,
                        "more candidates were asked for at %d of %d tokens%n",
                        run.report().widened(),
                        run.report().generated().size());
            }
            err.flush();
        }
    },
    /** One object for programs. */
    JSON {
        @Override
        public void print(RunSummary run, PrintWriter err) {
            printJson(runJson(run), err);
        }
    },
    /** No output. */
    NONE {
        @Override
        public void print(RunSummary run, PrintWriter err) {}
    };

    /** Prints the statistics of a run. */
    public abstract void print(RunSummary run, PrintWriter err);

    /** Prints an object, indented. */
    public static void printJson(JsonObject object, PrintWriter writer) {
        StringWriter text = new StringWriter();
        try (JsonWriter json = Json.createWriter(text)) {
            json.write(object);
        }
        writer.println(text);
        writer.flush();
    }

    private static void printPhase(String name, Phase phase, PrintWriter err) {
        err.printf(
                Locale.ROOT,
                "%-8s %5d tokens in %.3f s, %.1f tokens/s%n",
                name,
                phase.tokens(),
                phase.seconds(),
                phase.tokensPerSecond());
        printExperts(phase, err);
        for (int rank = 0; rank < phase.ranks().size() && phase.ranks().size() > 1; rank++) {
            RankWork work = phase.ranks().get(rank);
            ExchangeCounters.Snapshot exchange = work.exchange();
            err.printf(
                    Locale.ROOT,
                    "  rank %d: compute %.3f s, quantize %.3f s, transfer %.3f s, dequantize-sum %.3f s, "
                            + "%d bytes sent in %d messages%n",
                    rank,
                    work.computeNanos() / 1e9,
                    exchange.quantizeNanos() / 1e9,
                    exchange.transferNanos() / 1e9,
                    exchange.sumNanos() / 1e9,
                    exchange.total().bytesSent(),
                    exchange.total().messages());
            if (exchange.saturated() > 0) {
                err.printf(
                        Locale.ROOT,
                        "  rank %d: %d blocks or values of partials at the end of their format's range%n",
                        rank,
                        exchange.saturated());
            }
        }
    }

    /** The distribution of tokens over the ranks' experts, in a model with experts. */
    private static void printExperts(Phase phase, PrintWriter err) {
        long visits = phase.ranks().stream()
                .mapToLong(work -> work.experts().visits())
                .sum();
        for (int rank = 0; rank < phase.ranks().size() && visits > 0; rank++) {
            ExpertLoad load = phase.ranks().get(rank).experts();
            err.printf(
                    Locale.ROOT,
                    "  rank %d: %.1f %% of all visits of a token to an expert's columns; %.1f MB of experts read"
                            + " per token%n",
                    rank,
                    100.0 * load.visits() / visits,
                    load.bytes() / 1e6 / Math.max(1, phase.tokens()));
        }
    }

    private static JsonObject runJson(RunSummary run) {
        return Json.createObjectBuilder()
                .add("model", modelJson(run))
                .add("plan", planJson(run))
                .add(
                        "comm",
                        Json.createObjectBuilder()
                                .add("transport", run.running().session().transport())
                                .add(
                                        "prefill",
                                        choiceJson(run.options()
                                                .schedule()
                                                .choice(run.options().chunk())))
                                .add(
                                        "decode",
                                        choiceJson(run.options().schedule().choice(1))))
                .add("seed", run.sampling().seed())
                .add("loadSeconds", run.loadSeconds())
                .add("ttftSeconds", run.report().firstTokenSeconds())
                .add("stop", run.report().stop().name().toLowerCase(Locale.ROOT))
                .add("promptTokens", Json.createArrayBuilder(run.report().prompt()))
                .add("generatedTokens", Json.createArrayBuilder(run.report().generated()))
                .add("widenedTokens", run.report().widened())
                .add("prefill", phaseJson(run.report().prefill(), run))
                .add("decode", phaseJson(run.report().decode(), run))
                .build();
    }

    static JsonObjectBuilder choiceJson(CommChoice choice) {
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("collective", choice.algorithm().label())
                .add("format", choice.format().label());
        return choice.chunkRows() == CommChoice.UNCUT ? json : json.add("chunkRows", choice.chunkRows());
    }

    private static JsonObjectBuilder modelJson(RunSummary run) {
        ModelConfig config = run.model().config();
        return Json.createObjectBuilder()
                .add("file", run.model().file().name())
                .add("name", config.name())
                .add("architecture", config.architecture().ggufName())
                .add("bytes", run.model().file().fileBytes())
                .add("layers", config.layers())
                .add("width", config.width())
                .add("heads", config.heads())
                .add("kvHeads", config.kvHeads())
                .add("ffnWidth", config.ffnWidth())
                .add("vocabulary", config.vocabulary());
    }

    private static JsonObjectBuilder planJson(RunSummary run) {
        JsonArrayBuilder shards = Json.createArrayBuilder();
        for (Shard shard : run.plan().shards()) {
            shards.add(Json.createObjectBuilder()
                    .add("rank", shard.rank())
                    .add("device", run.devices().get(shard.rank()))
                    .add("heads", spanJson(shard.heads()))
                    .add("kvHeads", spanJson(shard.kvHeads()))
                    .add("ffn", spanJson(shard.ffn()))
                    .add("experts", spanJson(shard.experts()))
                    .add("expertColumns", spanJson(shard.expert()))
                    .add("vocabulary", spanJson(shard.vocabulary())));
        }
        return Json.createObjectBuilder()
                .add("ranks", run.plan().ranks())
                .add("threadsPerRank", run.options().threads())
                .add("contextSize", run.options().context())
                .add("batchSize", run.options().chunk())
                .add("shards", shards);
    }

    private static JsonArrayBuilder spanJson(Span span) {
        return Json.createArrayBuilder().add(span.from()).add(span.to());
    }

    private static JsonObjectBuilder phaseJson(Phase phase, RunSummary run) {
        JsonArrayBuilder ranks = Json.createArrayBuilder();
        for (int rank = 0; rank < phase.ranks().size(); rank++) {
            ranks.add(rankJson(rank, run, phase.ranks().get(rank)));
        }
        return Json.createObjectBuilder()
                .add("tokens", phase.tokens())
                .add("seconds", phase.seconds())
                .add("tokensPerSecond", phase.tokensPerSecond())
                .add("ranks", ranks);
    }

    private static JsonObjectBuilder rankJson(int rank, RunSummary run, RankWork work) {
        ExchangeCounters.Snapshot exchange = work.exchange();
        JsonObjectBuilder collectives = Json.createObjectBuilder();
        exchange.traffic().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(each -> collectives.add(each.getKey().label(), trafficJson(each.getValue())));
        return Json.createObjectBuilder()
                .add("rank", rank)
                .add("device", run.devices().get(rank))
                .add("transport", transport(run, exchange))
                .add("computeSeconds", work.computeNanos() / 1e9)
                .add("quantizeSeconds", exchange.quantizeNanos() / 1e9)
                .add("transferSeconds", exchange.transferNanos() / 1e9)
                .add("dequantizeSumSeconds", exchange.sumNanos() / 1e9)
                .add("saturated", exchange.saturated())
                .add("expertVisits", work.experts().visits())
                .add("expertBytes", work.experts().bytes())
                .addAll(trafficJson(exchange.total()))
                .add("collectives", collectives);
    }

    /** The transport of the rank's partials. */
    private static String transport(RunSummary run, ExchangeCounters.Snapshot exchange) {
        if (run.running().session().threads().distributed()) {
            return "mpi";
        }
        return exchange.traffic().containsKey(CollectiveKind.PEER) ? "peer" : "inprocess";
    }

    private static JsonObjectBuilder trafficJson(ExchangeCounters.Traffic traffic) {
        return Json.createObjectBuilder()
                .add("bytesSent", traffic.bytesSent())
                .add("bytesReceived", traffic.bytesReceived())
                .add("messages", traffic.messages());
    }
}
