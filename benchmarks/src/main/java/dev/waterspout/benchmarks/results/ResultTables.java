package dev.waterspout.benchmarks.results;

import dev.waterspout.benchmarks.network.Summary;
import dev.waterspout.benchmarks.quality.QualityReport;
import dev.waterspout.benchmarks.ttft.Machine;
import dev.waterspout.benchmarks.ttft.TtftSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the pages of {@code docs/results} and the results in the README from the files in {@code benchmarks/results},
 * or reports the stale ones.
 */
public final class ResultTables {
    /** The lines that enclose the generated part of the README. */
    private static final String BEGIN = "<!-- results: written by benchmarks/tables -->\n";

    private static final String END = "<!-- end of results -->\n";
    private static final String WRITTEN =
            "This page is written by `benchmarks/tables` from the files in `benchmarks/results`: do not edit it.";

    private final Path root;

    /**
     * @param root root of the tree
     */
    public ResultTables(Path root) {
        this.root = root;
    }

    /**
     * Writes all pages; with {@code --check} prints those that are stale instead, with exit code 1 if there are any;
     * with {@code --record FILE COMMIT COMMAND} notes first that this machine has just measured a results file.
     *
     * @param arguments the root of the tree, and the above
     */
    public static void main(String[] arguments) throws IOException {
        ResultTables tables = new ResultTables(Path.of(arguments[0]));
        List<String> rest = Arrays.asList(arguments).subList(1, arguments.length);
        if (rest.equals(List.of("--check"))) {
            List<Path> stale = tables.stale();
            stale.forEach(page -> System.err.println(page + " is stale; benchmarks/tables writes it"));
            System.exit(stale.isEmpty() ? 0 : 1);
        }
        if (rest.size() == 4 && rest.getFirst().equals("--record")) {
            new Provenance(rest.get(2), LocalDate.now(ZoneOffset.UTC).toString(), Machine.name(), rest.get(3), "")
                    .record(Path.of(rest.get(1)));
        } else if (!rest.isEmpty()) {
            System.err.println("usage: benchmarks/tables [--check | --record FILE COMMIT COMMAND]");
            System.exit(2);
        }
        tables.write();
    }

    /** Writes all pages. */
    public void write() throws IOException {
        for (Map.Entry<Path, String> page : pages().entrySet()) {
            Files.writeString(page.getKey(), page.getValue());
        }
    }

    /** Returns the pages that differ from those generated from the results. */
    public List<Path> stale() throws IOException {
        List<Path> stale = new ArrayList<>();
        for (Map.Entry<Path, String> page : pages().entrySet()) {
            if (!Files.exists(page.getKey()) || !Files.readString(page.getKey()).equals(page.getValue())) {
                stale.add(page.getKey());
            }
        }
        return stale;
    }

    /** {@return the content of every page, by file} */
    private Map<Path, String> pages() throws IOException {
        Path folder = root.resolve("docs/results");
        TtftSummary ttft = TtftSummary.of(results("ttft.json"));
        Map<Path, String> pages = new LinkedHashMap<>();
        pages.put(folder.resolve("collectives.md"), collectives());
        pages.put(folder.resolve("accuracy.md"), accuracy());
        pages.put(folder.resolve("time-to-first-token.md"), timeToFirstToken(ttft));
        pages.put(folder.resolve("time-to-first-token.svg"), ttft.chart());
        pages.put(folder.resolve("kernels.md"), kernels());
        pages.put(root.resolve("README.md"), readme(ttft));
        return pages;
    }

    private Path results(String name) {
        return root.resolve("benchmarks/results").resolve(name);
    }

    private String collectives() throws IOException {
        StringBuilder text = page("Collectives over links", """
            One exchange of partials between ranks that are processes in network namespaces, over links of a set \
            rate, codec
            included. Cells have the median and the 90th percentile in milliseconds, then how many times faster than
            uncompressed bf16 the exchange was, of how many times fewer bytes it sent. Each rank has one thread; \
            three and four
            ranks share the two cores. [The notebook](../lab/collectives.md) tells how this was measured.
            """);
        for (String name : List.of("network.json", "network-xeon.json")) {
            text.append("\n## ").append(name).append("\n\n");
            text.append(Provenance.of(results(name)).text()).append('\n');
            text.append(Summary.table(results(name)));
        }
        return text.toString();
    }

    private String accuracy() throws IOException {
        return page("What compression adds to perplexity", """
            Increase of perplexity over f32 exchange in percent, with its standard error. Windows have 256 tokens, of \
            which the
            second half is scored. "Bits" are per element of a partial, scales included. The models are small: orator \
            has 3.7M
            parameters, stories260K has 260 thousand. [The notebook](../lab/accuracy.md) says what the tables mean.
            """)
                .append('\n')
                .append(Provenance.of(results("quality.json")).text())
                .append(QualityReport.tables(results("quality.json")))
                .toString();
    }

    private String timeToFirstToken(TtftSummary ttft) throws IOException {
        return page("Time to first token", """
            A whole run of `generate` over MPI between network namespaces, on links of a set rate, with one thread \
            per rank and
            random weights. Times are medians of the timed runs. "Bytes allow" is the gain of a run whose transfer \
            takes as much
            less time as it sends fewer bytes than bf16. [The notebook](../lab/end-to-end.md) tells how this was \
            measured.

            ![Gain of 4.25-bit exchange over bf16 by link rate](time-to-first-token.svg)
            """)
                .append('\n')
                .append(Provenance.of(results("ttft.json")).text())
                .append('\n')
                .append(ttft.tables())
                .toString();
    }

    private String kernels() throws IOException {
        return page("Kernels", """
            JMH, throughput mode, one thread. Linear: a product of weights and inputs, `batch` rows of inputs. Codec: \
            512 x 2048
            elements, sums of two partials. [The notebook](../lab/performance.md) compares them with the machine's \
            limits.
            """)
                .append('\n')
                .append(Provenance.of(results("kernels.json")).text())
                .append('\n')
                .append(KernelTable.of(results("kernels.json")))
                .toString();
    }

    private String readme(TtftSummary ttft) throws IOException {
        Path file = root.resolve("README.md");
        String text = Files.readString(file);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IOException(file + " lacks the lines that enclose the generated results");
        }
        return text.substring(0, begin + BEGIN.length())
                + ttft.selection() + "\n" + Provenance.of(results("ttft.json")).text()
                + text.substring(end);
    }

    private static StringBuilder page(String title, String introduction) {
        return new StringBuilder("# " + title + "\n\n" + WRITTEN + "\n\n" + introduction);
    }
}
