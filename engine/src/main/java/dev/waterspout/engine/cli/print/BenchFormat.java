package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.environment.Version;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Output formats of {@code bench}. JSON objects use llama-bench's names for the values that llama-bench has too;
 * docs/lab/performance.md explains them.
 */
public enum BenchFormat {
    /** A Markdown table. */
    MD {
        @Override
        public Printer printer(PrintWriter out) {
            return new Table(out);
        }
    },
    /** A header, then a line per row, without single runs. */
    CSV {
        @Override
        public Printer printer(PrintWriter out) {
            return new Lines(out);
        }
    },
    /** An array of objects, at the end. */
    JSON {
        @Override
        public Printer printer(PrintWriter out) {
            return new Objects(out);
        }
    },
    /** An object per line. */
    JSONL {
        @Override
        public Printer printer(PrintWriter out) {
            return row -> StatsFormat.printJson(json(row), out);
        }
    };

    /** Starts printing. */
    public abstract Printer printer(PrintWriter out);

    /** Prints rows. */
    @FunctionalInterface
    public interface Printer {
        void print(BenchRow row);

        /** Ends the output. */
        default void finish() {}
    }

    private static final class Table implements Printer {
        private static final String LINE =
                "| %-22s | %10s | %8s | %-12s | %7s | %-13s | %18s | %8s | %8s | %20s | %21s | %21s |%n";

        private final PrintWriter out;
        private boolean begun;

        Table(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void print(BenchRow row) {
            if (!begun) {
                begun = true;
                out.printf(
                        LINE, "model", "size", "params", "device", "threads", "test", "t/s", "median", "each", "GB/s",
                        "GFLOP/s", "of int8");
                out.println("|---|--:|--:|---|--:|---|--:|--:|--:|--:|--:|--:|");
            }
            var ceiling = row.ceiling();
            out.printf(
                    Locale.ROOT,
                    LINE,
                    row.model().type(),
                    bytes(row.model().bytes()),
                    parameters(row.model().parameters()),
                    row.setup().label(),
                    row.setup().threads(),
                    row.workload().label(),
                    String.format(
                            Locale.ROOT,
                            "%.2f \u00b1 %.2f",
                            row.samples().meanSpeed(),
                            row.samples().speedDeviation()),
                    String.format(Locale.ROOT, "%.2f", row.samples().medianSpeed()),
                    String.format(Locale.ROOT, "%.2f", row.medianSpeedOfEach()),
                    share(row.readBytesPerSecond(), ceiling == null ? 0 : ceiling.readBytesPerSecond()),
                    share(row.flopsPerSecond(), ceiling == null ? 0 : ceiling.flopsPerSecond()),
                    ceiling == null || ceiling.byteOpsPerSecond() == 0
                            ? "-"
                            : share(row.flopsPerSecond(), ceiling.byteOpsPerSecond()));
            out.flush();
        }

        private static String share(double value, double ceiling) {
            String giga = String.format(Locale.ROOT, value < 99.95e9 ? "%.1f" : "%.0f", value / 1e9);
            return ceiling == 0
                    ? giga
                    : String.format(
                            Locale.ROOT,
                            ceiling < 99.95e9 ? "%s of %.1f (%.0f %%)" : "%s of %.0f (%.0f %%)",
                            giga,
                            ceiling / 1e9,
                            100 * value / ceiling);
        }

        private static String bytes(long bytes) {
            return bytes < 1 << 30
                    ? String.format(Locale.ROOT, "%.2f MiB", bytes / (double) (1 << 20))
                    : String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1 << 30));
        }

        private static String parameters(long count) {
            return count < 1e9
                    ? String.format(Locale.ROOT, "%.2f M", count / 1e6)
                    : String.format(Locale.ROOT, "%.2f B", count / 1e9);
        }
    }

    private static final class Lines implements Printer {
        private final PrintWriter out;
        private boolean begun;

        Lines(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void print(BenchRow row) {
            Map<String, JsonValue> cells = new LinkedHashMap<>(json(row));
            cells.values().removeIf(value -> value.getValueType() == JsonValue.ValueType.ARRAY);
            if (!begun) {
                begun = true;
                out.println(String.join(",", cells.keySet()));
            }
            out.println(cells.values().stream().map(Lines::cell).collect(Collectors.joining(",")));
            out.flush();
        }

        private static String cell(JsonValue value) {
            return switch (value.getValueType()) {
                case NULL -> "";
                case STRING ->
                    '"' + ((jakarta.json.JsonString) value).getString().replace("\"", "\"\"") + '"';
                default -> value.toString();
            };
        }
    }

    private static final class Objects implements Printer {
        private final PrintWriter out;
        private final List<JsonObject> rows = new ArrayList<>();

        Objects(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void print(BenchRow row) {
            rows.add(json(row));
        }

        @Override
        public void finish() {
            out.println(rows.stream().map(JsonValue::toString).collect(Collectors.joining(",\n  ", "[\n  ", "\n]")));
            out.flush();
        }
    }

    private static JsonObject json(BenchRow row) {
        BenchRow.Setup setup = row.setup();
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("build_version", Version.number())
                .add("jvm", Environment.jvm())
                .add("model_filename", row.model().file())
                .add("model_type", row.model().type())
                .add("model_size", row.model().bytes())
                .add("model_n_params", row.model().parameters())
                .add("devices", String.join(",", setup.devices()))
                .add("ranks", setup.devices().size())
                .add("transport", setup.transport())
                .add("comm_prefill", setup.comm(setup.options().chunk()))
                .add("comm_decode", setup.comm(1))
                .add("n_threads", setup.threads())
                .add("n_batch", setup.options().chunk())
                .add("n_ctx", setup.options().context())
                .add("test", row.workload().label())
                .add("n_prompt", row.workload().prompt())
                .add("n_gen", row.workload().generate())
                .add("n_depth", row.workload().depth())
                .add("n_parallel", row.workload().sequences())
                .add("test_time", row.time().toString());
        return addFigures(json, row).build();
    }

    private static JsonObjectBuilder addFigures(JsonObjectBuilder json, BenchRow row) {
        JsonArrayBuilder nanos = Json.createArrayBuilder();
        row.samples().nanos().forEach(nanos::add);
        JsonArrayBuilder speeds = Json.createArrayBuilder();
        for (double speed : row.samples().speeds()) {
            speeds.add(speed);
        }
        json.add("avg_ns", Math.round(row.samples().meanNanos()))
                .add("stddev_ns", Math.round(row.samples().nanosDeviation()))
                .add("avg_ts", row.samples().meanSpeed())
                .add("stddev_ts", row.samples().speedDeviation())
                .add("median_ts", row.samples().medianSpeed())
                .add("median_ts_each", row.medianSpeedOfEach())
                .add("read_gb_per_s", row.readBytesPerSecond() / 1e9)
                .add("gflop_per_s", row.flopsPerSecond() / 1e9);
        var ceiling = row.ceiling();
        if (ceiling == null) {
            json.addNull("ceiling_read_gb_per_s")
                    .addNull("ceiling_gflop_per_s")
                    .addNull("read_fraction")
                    .addNull("flop_fraction")
                    .addNull("ceiling_int8_gop_per_s")
                    .addNull("int8_fraction");
        } else {
            json.add("ceiling_read_gb_per_s", ceiling.readBytesPerSecond() / 1e9)
                    .add("ceiling_gflop_per_s", ceiling.flopsPerSecond() / 1e9)
                    .add("read_fraction", row.readBytesPerSecond() / ceiling.readBytesPerSecond())
                    .add("flop_fraction", row.flopsPerSecond() / ceiling.flopsPerSecond());
            double bytes = ceiling.byteOpsPerSecond();
            if (bytes == 0) {
                json.addNull("ceiling_int8_gop_per_s").addNull("int8_fraction");
            } else {
                json.add("ceiling_int8_gop_per_s", bytes / 1e9).add("int8_fraction", row.flopsPerSecond() / bytes);
            }
        }
        return json.add("samples_ns", nanos).add("samples_ts", speeds);
    }
}
