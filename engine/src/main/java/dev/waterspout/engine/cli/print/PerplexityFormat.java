package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.perplexity.Divergence;
import dev.waterspout.engine.perplexity.Mean;
import dev.waterspout.engine.perplexity.RunScore;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.PrintWriter;
import java.util.Locale;

/** The output formats of {@code perplexity}. */
public enum PerplexityFormat {
    /** A few lines of readable text. */
    TEXT {
        @Override
        public void print(PerplexityResult result, PrintWriter out) {
            RunScore score = result.score();
            out.printf(
                    Locale.ROOT,
                    "%s on %s: %d windows of %d tokens, %d scored, %d ranks, %s%n",
                    result.modelName(),
                    result.file().getFileName(),
                    result.text().count(),
                    result.text().size(),
                    score.nll().count(),
                    result.plan().ranks(),
                    result.options().schedule().choice(result.options().chunk()));
            out.printf(Locale.ROOT, "perplexity       %s%n", exponential(score.nll()));
            if (score.divergence() != null) {
                printComparison(result.scores().getFirst(), score.divergence(), out);
            }
            out.printf(Locale.ROOT, "tokens/s         %.1f%n", score.tokensPerSecond());
            out.flush();
        }
    },
    /** One object for programs. */
    JSON {
        @Override
        public void print(PerplexityResult result, PrintWriter out) {
            StatsFormat.printJson(json(result), out);
        }
    };

    /** Prints a result. */
    public abstract void print(PerplexityResult result, PrintWriter out);

    private static void printComparison(RunScore uncompressed, Divergence divergence, PrintWriter out) {
        out.printf(Locale.ROOT, "uncompressed     %s%n", exponential(uncompressed.nll()));
        out.printf(
                Locale.ROOT,
                "ratio            %.6f ± %.6f (%+.3f %%)%n",
                divergence.logRatio().exp(),
                divergence.logRatio().expError(),
                divergence.increasePercent());
        out.printf(
                Locale.ROOT,
                "KL divergence    mean %.6f ± %.6f, 99th percentile %.6f%n",
                divergence.kl().value(),
                divergence.kl().standardError(),
                divergence.kl99());
        out.printf(
                Locale.ROOT,
                "same top token   %.2f ± %.2f %%%n",
                100 * divergence.sameTop().value(),
                100 * divergence.sameTop().standardError());
    }

    private static String exponential(Mean nll) {
        return String.format(Locale.ROOT, "%.4f ± %.4f", nll.exp(), nll.expError());
    }

    private static JsonObject json(PerplexityResult result) {
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("model", result.modelName())
                .add("text", String.valueOf(result.file().getFileName()))
                .add("windows", result.text().count())
                .add("windowTokens", result.text().size())
                .add("scoredTokens", result.score().nll().count())
                .add("ranks", result.plan().ranks())
                .add("devices", Json.createArrayBuilder(result.devices()))
                .add(
                        "comm",
                        StatsFormat.choiceJson(result.options()
                                .schedule()
                                .choice(result.options().chunk())))
                .addAll(run(result.score()));
        Divergence divergence = result.score().divergence();
        if (divergence != null) {
            json.add("uncompressed", run(result.scores().getFirst()))
                    .add("ratio", number(divergence.logRatio().exp()))
                    .add("ratioError", number(divergence.logRatio().expError()))
                    .add("increasePercent", number(divergence.increasePercent()))
                    .add("klMean", number(divergence.kl().value()))
                    .add("klError", number(divergence.kl().standardError()))
                    .add("kl99", number(divergence.kl99()))
                    .add("sameTop", number(divergence.sameTop().value()))
                    .add("sameTopError", number(divergence.sameTop().standardError()));
        }
        return json.build();
    }

    private static JsonObjectBuilder run(RunScore score) {
        return Json.createObjectBuilder()
                .add("perplexity", number(score.nll().exp()))
                .add("perplexityError", number(score.nll().expError()))
                .add("tokensPerSecond", number(score.tokensPerSecond()));
    }

    /** JSON has neither infinity nor NaN. */
    private static JsonValue number(double value) {
        return Double.isFinite(value) ? Json.createValue(value) : JsonValue.NULL;
    }
}
