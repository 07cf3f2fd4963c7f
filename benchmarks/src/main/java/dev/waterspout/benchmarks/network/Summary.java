package dev.waterspout.benchmarks.network;

import jakarta.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Summarizes the results of all links as a table in Markdown, and counts the cells in which {@code auto} keeps its
 * two promises. A cell is a link, a number of ranks and a size.
 */
public final class Summary {
    private static final double NEAR = 1.05;
    private static final String MPI = "mpi:";
    private static final String PLAIN = "plain:";

    private Summary() {}

    /**
     * Prints the table.
     *
     * @param arguments the file of results, and optionally that of another run; the cells in which the best choice of
     *     that run is near the best here are counted
     */
    public static void main(String[] arguments) {
        if (arguments.length < 1 || arguments.length > 2) {
            System.err.println("usage: Summary FILE [OTHER]");
            System.exit(2);
            return;
        }
        List<Cell> cells = cells(Path.of(arguments[0]));
        System.out.print(text(cells));
        if (arguments.length > 1) {
            System.out.println(hindsight(cells, cells(Path.of(arguments[1]))));
        }
    }

    /**
     * Returns the table of a file of results, and the number of cells in which {@code auto} keeps its promises.
     *
     * @param file a file that {@code benchmarks/collectives} has written
     */
    public static String table(Path file) {
        return text(cells(file));
    }

    /** The times of one contender. */
    private record Time(String choice, String exchange, long bytes, double median, double upperQuartile, double p90) {
        private static Time of(JsonObject result) {
            return new Time(
                    result.getString("choice"),
                    exchange(result),
                    result.getJsonNumber("bytesSent").longValue(),
                    result.getJsonNumber("medianMs").doubleValue(),
                    result.getJsonNumber("upperQuartileMs").doubleValue(),
                    result.getJsonNumber("p90Ms").doubleValue());
        }

        /** {@return the exchange that ran, in the notation of a choice} */
        private static String exchange(JsonObject result) {
            String detail = result.getString("detail", "");
            if (!detail.isEmpty()) {
                return detail;
            }
            int chunk = result.getInt("chunkRows");
            String cut = chunk < result.getInt("rows") ? " in chunks of " + chunk + " rows" : "";
            return result.getString("choice").replaceFirst(":", " ") + cut;
        }
    }

    /** All contenders of one size over one link. */
    private record Cell(String link, int ranks, int rows, int columns, List<Time> times) {
        private Optional<Time> fastest(Predicate<String> choice) {
            return times.stream()
                    .filter(time -> choice.test(time.choice()))
                    .min(Comparator.comparingDouble(Time::median));
        }

        private Optional<Time> auto() {
            return fastest(AutoContender.NAME::equals);
        }

        private Optional<Time> plain() {
            return fastest(choice -> choice.startsWith(PLAIN));
        }

        private Optional<Time> fixed() {
            return fastest(choice -> !AutoContender.isName(choice) && !choice.startsWith(MPI));
        }

        private boolean isLike(Cell other) {
            return link.equals(other.link) && ranks == other.ranks && rows == other.rows && columns == other.columns;
        }

        /** The same exchange under two names differs only by noise. */
        private boolean isNearBest() {
            Time auto = auto().orElseThrow();
            Time fixed = fixed().orElseThrow();
            return auto.exchange().equals(fixed.exchange()) || auto.median() <= NEAR * fixed.median();
        }

        /** Noise is taken as the distance from plain's median to its upper quartile. */
        private boolean isNoSlowerThanPlain() {
            Time plain = plain().orElseThrow();
            double auto = auto().orElseThrow().median();
            return auto <= NEAR * plain.median() || auto <= plain.upperQuartile();
        }

        private String name() {
            return String.format(
                    Locale.ROOT,
                    "%s Gbit/s, %d ranks, %.0f KB",
                    link,
                    ranks,
                    rows * (double) columns * Short.BYTES / 1024);
        }
    }

    private static List<Cell> cells(Path file) {
        List<Cell> cells = new ArrayList<>();
        for (JsonObject run : Report.earlier(file).getValuesAs(JsonObject.class)) {
            List<JsonObject> results = run.getJsonArray("results").getValuesAs(JsonObject.class);
            results.stream()
                    .map(result -> result.getInt("rows"))
                    .distinct()
                    .forEach(rows -> cells.add(new Cell(
                            run.getString("linkGbps"),
                            run.getInt("ranks"),
                            rows,
                            run.getInt("columns"),
                            results.stream()
                                    .filter(result -> result.getInt("rows") == rows)
                                    .map(Time::of)
                                    .toList())));
        }
        cells.sort(Comparator.comparingDouble((Cell cell) -> number(cell.link()))
                .thenComparingInt(Cell::ranks)
                .thenComparingInt(Cell::rows));
        return cells;
    }

    /**
     * {@return a sentence on the number of cells in which the other run's best fixed choice is near the best here}
     * The best choice changes from run to run.
     */
    private static String hindsight(List<Cell> cells, List<Cell> others) {
        int shared = 0;
        int near = 0;
        for (Cell cell : cells) {
            Optional<Time> best = cell.fixed();
            Optional<Time> same = others.stream()
                    .filter(cell::isLike)
                    .findFirst()
                    .flatMap(Cell::fixed)
                    .flatMap(theirs -> cell.fastest(theirs.choice()::equals));
            if (best.isPresent() && same.isPresent()) {
                shared++;
                near += same.get().median() <= NEAR * best.get().median() ? 1 : 0;
            }
        }
        return "%nthe other run's best fixed choice is the best here or within 5 %% of it in %d of %d cells"
                .formatted(near, shared);
    }

    private static double number(String link) {
        return link.equals("unlimited") ? Double.POSITIVE_INFINITY : Double.parseDouble(link);
    }

    private static String text(List<Cell> cells) {
        StringBuilder text = new StringBuilder();
        text.append(
                "| Gbit/s | ranks | KB in bf16 | MPI all-reduce | plain | all-gather | two-step | auto | auto took |%n"
                        .formatted());
        text.append("|---|---|---|---|---|---|---|---|---|%n".formatted());
        for (Cell cell : cells) {
            Optional<Time> plain = cell.plain();
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %.0f | %s | %s | %s | %s | %s | %s |%n",
                    cell.link(),
                    cell.ranks(),
                    cell.rows() * (double) cell.columns() * Short.BYTES / 1024,
                    text(cell.fastest(choice -> choice.startsWith(MPI)), Optional.empty()),
                    text(plain, Optional.empty()),
                    text(cell.fastest(choice -> choice.startsWith("allgather:")), plain),
                    text(cell.fastest(choice -> choice.startsWith("twostep:")), plain),
                    text(cell.auto(), plain),
                    cell.auto().map(Time::exchange).orElse("")));
        }
        List<Cell> decided = cells.stream()
                .filter(cell -> cell.auto().isPresent() && cell.plain().isPresent())
                .toList();
        verdict(text, decided, "the best fixed choice or within 5 % of it", Cell::isNearBest);
        verdict(text, decided, "no slower than plain beyond noise", Cell::isNoSlowerThanPlain);
        return text.toString();
    }

    /** {@return median and p90 in ms, the speed-up over plain, and the ratio of bytes} */
    private static String text(Optional<Time> found, Optional<Time> plain) {
        if (found.isEmpty()) {
            return "";
        }
        Time time = found.get();
        String millis = String.format(Locale.ROOT, "%.2f (p90 %.2f)", time.median(), time.p90());
        return plain.map(base -> String.format(
                        Locale.ROOT,
                        "%s, %.2f of %.2f",
                        millis,
                        base.median() / time.median(),
                        (double) base.bytes() / time.bytes()))
                .orElse(millis);
    }

    private static void verdict(StringBuilder text, List<Cell> cells, String promise, Predicate<Cell> kept) {
        List<String> broken = cells.stream()
                .filter(kept.negate())
                .map(cell -> String.format(
                        Locale.ROOT,
                        "%s (%.3f ms, fixed %.3f, plain %.3f)",
                        cell.name(),
                        cell.auto().orElseThrow().median(),
                        cell.fixed().orElseThrow().median(),
                        cell.plain().orElseThrow().median()))
                .toList();
        text.append("%nauto is %s in %d of %d cells%s%n"
                .formatted(
                        promise,
                        cells.size() - broken.size(),
                        cells.size(),
                        broken.isEmpty() ? "" : ", but not at " + String.join("; ", broken)));
    }
}
