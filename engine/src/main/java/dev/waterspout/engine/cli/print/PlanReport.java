package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.gguf.Printable;
import dev.waterspout.engine.lab.predict.PhaseTime;
import dev.waterspout.engine.lab.predict.Predictor;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** Predictions of several wire formats, each with its fastest collective and chunk size. */
public final class PlanReport {
    private static final double GIGABIT = 125e6;

    private final ModelConfig config;
    private final int ranks;
    private final int prompt;
    private final int predict;
    private final int batch;
    private final Overlap overlap;
    private final List<Row> rows = new ArrayList<>();

    /** The output formats. */
    public enum Format {
        TEXT,
        JSON
    }

    /**
     * The figures of a format. Break-evens are relative to the fastest 16-bit exchange, or else the fastest
     * uncompressed one.
     */
    private record Row(
            String label,
            PhaseTime prefill,
            PhaseTime decode,
            OptionalDouble prefillBreakEven,
            OptionalDouble decodeBreakEven) {}

    /**
     * @param config shapes of the model
     * @param ranks number of devices
     * @param prompt tokens of the prompt
     * @param predict tokens that follow
     * @param batch tokens of the prompt in one forward pass
     * @param overlap whether parts of a pass are computed while the partials of others are exchanged
     */
    public PlanReport(ModelConfig config, int ranks, int prompt, int predict, int batch, Overlap overlap) {
        this.config = config;
        this.ranks = ranks;
        this.prompt = prompt;
        this.predict = predict;
        this.batch = batch;
        this.overlap = overlap;
    }

    /**
     * Predicts every format by the fastest of its choices, and the fastest of all.
     *
     * @param predictor the predictor of run times
     * @param choices formats and collectives to compare
     */
    public void compare(Predictor predictor, List<CommChoice> choices) {
        Map<WireFormat, List<CommChoice>> byFormat = new LinkedHashMap<>();
        choices.forEach(choice -> byFormat.computeIfAbsent(choice.format(), format -> new ArrayList<>())
                .add(choice));
        List<CommChoice> plain = byFormat.containsKey(PlainFormat.BF16)
                ? byFormat.get(PlainFormat.BF16)
                : choices.stream()
                        .filter(choice -> choice.format() instanceof PlainFormat)
                        .toList();
        byFormat.forEach((format, own) -> rows.add(row(format.label(), predictor, own, plain)));
        rows.add(row("fastest", predictor, choices, List.of()));
    }

    private Row row(String label, Predictor predictor, List<CommChoice> own, List<CommChoice> plain) {
        int largest = Math.min(prompt, batch);
        CommChoice many = predictor.fastest(own, largest);
        CommChoice one = predictor.fastest(own, 1);
        boolean compared = !plain.isEmpty() && !(many.format() instanceof PlainFormat);
        return new Row(
                label,
                predictor.prefill(prompt, batch, CommSchedule.fixed(many), overlap),
                predictor.decode(prompt + predict / 2, CommSchedule.fixed(one)),
                compared
                        ? predictor.breakEven(many, predictor.fastest(plain, largest), largest)
                        : OptionalDouble.empty(),
                compared ? predictor.breakEven(one, predictor.fastest(plain, 1), 1) : OptionalDouble.empty());
    }

    /** Prints the comparison. */
    public void print(Format format, PrintWriter out) {
        if (format == Format.JSON) {
            printJson(out);
        } else {
            printText(out);
        }
        out.flush();
    }

    private void printText(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%s: %d layers, width %d; %d ranks, prompt of %d tokens in passes of %d; decode after %d tokens%s%n",
                Printable.line(config.name()),
                config.layers(),
                config.width(),
                ranks,
                prompt,
                batch,
                prompt + predict / 2,
                overlap == Overlap.OFF ? "" : "; overlap " + overlap.name().toLowerCase(Locale.ROOT));
        printPhase("prefill", "TTFT ms", out, true);
        printPhase("decode", "token ms", out, false);
    }

    private void printPhase(String phase, String total, PrintWriter out, boolean prefill) {
        out.printf(
                Locale.ROOT,
                "%n%-14s %11s %9s %11s %11s %11s %11s %11s  %-14s %s%n",
                phase,
                total,
                "tokens/s",
                "compute ms",
                "quantize ms",
                "transfer ms",
                "sum ms",
                "exchange ms",
                "pays below",
                "exchange");
        for (Row row : rows) {
            PhaseTime time = prefill ? row.prefill : row.decode;
            out.printf(
                    Locale.ROOT,
                    "%-14s %11.3f %9.1f %11.3f %11.3f %11.3f %11.3f %11.3f  %-14s %s%n",
                    row.label,
                    1e3 * time.seconds(),
                    time.tokensPerSecond(),
                    1e3 * time.compute(),
                    1e3 * time.quantize(),
                    1e3 * time.transfer(),
                    1e3 * time.sum(),
                    1e3 * time.exchange(),
                    breakEven(row, prefill),
                    ranks == 1 ? "none" : time.choice());
        }
    }

    private static String breakEven(Row row, boolean prefill) {
        if (row.label.equals("fastest") || row.prefill.choice().format() instanceof PlainFormat) {
            return "";
        }
        OptionalDouble bandwidth = prefill ? row.prefillBreakEven : row.decodeBreakEven;
        if (bandwidth.isEmpty()) {
            return "never";
        }
        double value = bandwidth.getAsDouble();
        return Double.isInfinite(value) ? "always" : String.format(Locale.ROOT, "%.3g Gbit/s", value / GIGABIT);
    }

    private void printJson(PrintWriter out) {
        JsonArrayBuilder array = Json.createArrayBuilder();
        for (Row row : rows) {
            array.add(Json.createObjectBuilder()
                    .add("comm", row.label)
                    .add("ttftSeconds", row.prefill.seconds())
                    .add("decodeTokensPerSecond", row.decode.tokensPerSecond())
                    .add("prefill", json(row.prefill, row.prefillBreakEven))
                    .add("decode", json(row.decode, row.decodeBreakEven)));
        }
        StatsFormat.printJson(
                Json.createObjectBuilder()
                        .add("schema", "waterspout-plan-1")
                        .add("model", config.name())
                        .add("ranks", ranks)
                        .add("promptTokens", prompt)
                        .add("predictTokens", predict)
                        .add("batchSize", batch)
                        .add("overlap", overlap.name().toLowerCase(Locale.ROOT))
                        .add("predictions", array)
                        .build(),
                out);
    }

    private static JsonObjectBuilder json(PhaseTime time, OptionalDouble breakEven) {
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("collective", time.choice().algorithm().label())
                .add("format", time.choice().format().label())
                .add("tokens", time.tokens())
                .add("seconds", time.seconds())
                .add("computeSeconds", time.compute())
                .add("quantizeSeconds", time.quantize())
                .add("transferSeconds", time.transfer())
                .add("dequantizeSumSeconds", time.sum())
                .add("exchangeSeconds", time.exchange())
                .add("otherSeconds", time.other());
        if (time.choice().chunkRows() != CommChoice.UNCUT) {
            json.add("chunkRows", time.choice().chunkRows());
        }
        // JSON has no infinity: null is "at any bandwidth", and no key "never" or "not compared".
        breakEven.ifPresent(value -> {
            if (Double.isInfinite(value)) {
                json.addNull("breakEvenBytesPerSecond");
            } else {
                json.add("breakEvenBytesPerSecond", value);
            }
        });
        return json;
    }
}
