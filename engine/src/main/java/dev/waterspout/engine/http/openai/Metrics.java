package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ReplyEvent.Ended;
import dev.waterspout.engine.api.ReplyQueue;
import dev.waterspout.engine.generate.GenerationReport;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.interconnect.collective.CollectiveKind;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;

/** Counts what a server does, in Prometheus' text format, version 0.0.4. May be used by any thread. */
final class Metrics {
    private final Map<String, LongAdder> counters = new ConcurrentSkipListMap<>();
    private final Histogram first = new Histogram(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60);
    private final Histogram between = new Histogram(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2);
    private final Histogram whole = new Histogram(0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600);

    Metrics() {
        for (String known : List.of(
                "waterspout_prompt_tokens_total",
                "waterspout_prompt_tokens_held_total",
                "waterspout_generated_tokens_total",
                "waterspout_clients_left_total",
                "waterspout_requests_late_total",
                "waterspout_exchange_sent_bytes_total")) {
            counters.put(known, new LongAdder());
        }
    }

    private void add(String counter, long amount) {
        counters.computeIfAbsent(counter, _ -> new LongAdder()).add(amount);
    }

    /** Counts a request that was answered or refused. */
    void request(String path, int status) {
        add("waterspout_requests_total{path=\"" + path + "\",status=\"" + status + "\"}", 1);
    }

    /** Records a piece of a reply, and its time since the request or the piece before. */
    void piece(boolean isFirst, long nanos) {
        (isFirst ? first : between).observe(nanos / 1e9);
    }

    /** Records the end of a reply. */
    void ended(Ended ended) {
        whole.observe(ended.seconds());
        add("waterspout_prompt_tokens_total", ended.usage().promptTokens());
        add("waterspout_prompt_tokens_held_total", ended.usage().heldTokens());
        add("waterspout_generated_tokens_total", ended.usage().replyTokens());
        add("waterspout_exchange_sent_bytes_total", sent(ended.report()));
    }

    private static long sent(GenerationReport report) {
        return LongStream.concat(
                        report.prefill().ranks().stream().mapToLong(Metrics::sent),
                        report.decode().ranks().stream().mapToLong(Metrics::sent))
                .sum();
    }

    private static long sent(RankWork work) {
        long bytes = 0;
        for (CollectiveKind kind : CollectiveKind.values()) {
            bytes += work.exchange().traffic(kind).bytesSent();
        }
        return bytes;
    }

    /** Counts a client that closed its connection before its answer had ended. */
    void left() {
        add("waterspout_clients_left_total", 1);
    }

    /** Counts a request that exceeded its time limit. */
    void late() {
        add("waterspout_requests_late_total", 1);
    }

    /** Returns all metrics as text. */
    String text(ReplyQueue queue) {
        StringBuilder text = new StringBuilder();
        Map<String, String> help = help();
        Map<String, StringBuilder> families = new TreeMap<>();
        counters.forEach(
                (name, count) -> families.computeIfAbsent(name.replaceFirst("\\{.*", ""), _ -> new StringBuilder())
                        .append(name)
                        .append(' ')
                        .append(count.sum())
                        .append('\n'));
        families.forEach((name, lines) -> {
            head(text, name, "counter", help.getOrDefault(name, name));
            text.append(lines);
        });
        gauge(text, "waterspout_requests_running", "Requests whose replies are being computed.", queue.running());
        gauge(text, "waterspout_requests_waiting", "Requests in the queue.", queue.waiting());
        histogram(text, "waterspout_time_to_first_piece_seconds", "Seconds to the first piece of a reply.", first);
        histogram(text, "waterspout_time_between_pieces_seconds", "Seconds between two pieces of a reply.", between);
        histogram(text, "waterspout_request_seconds", "Seconds to the end of a reply.", whole);
        return text.toString();
    }

    private static Map<String, String> help() {
        return Map.of(
                "waterspout_requests_total", "Requests by path and status.",
                "waterspout_prompt_tokens_total", "Tokens of prompts.",
                "waterspout_prompt_tokens_held_total", "Tokens of prompts that were in the KV cache already.",
                "waterspout_generated_tokens_total", "Tokens of replies.",
                "waterspout_clients_left_total", "Requests whose client left before the answer had ended.",
                "waterspout_requests_late_total", "Requests that exceeded the time limit.",
                "waterspout_exchange_sent_bytes_total", "Bytes of partials that the ranks sent to each other.");
    }

    private static void head(StringBuilder text, String name, String type, String help) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static void gauge(StringBuilder text, String name, String help, int value) {
        head(text, name, "gauge", help);
        text.append(name).append(' ').append(value).append('\n');
    }

    private static void histogram(StringBuilder text, String name, String help, Histogram histogram) {
        head(text, name, "histogram", help);
        histogram.write(name, text);
    }

    /** A histogram of times, with cumulative counts per upper bound in seconds. */
    private static final class Histogram {
        private final double[] bounds;
        private final long[] counts;
        private double sum;

        private Histogram(double... bounds) {
            this.bounds = bounds;
            this.counts = new long[bounds.length + 1];
        }

        private synchronized void observe(double seconds) {
            int at = 0;
            while (at < bounds.length && seconds > bounds[at]) {
                at++;
            }
            counts[at]++;
            sum += seconds;
        }

        private synchronized void write(String name, StringBuilder text) {
            long total = 0;
            for (int i = 0; i < counts.length; i++) {
                total += counts[i];
                String bound = i < bounds.length ? Double.toString(bounds[i]) : "+Inf";
                text.append(name).append("_bucket{le=\"").append(bound).append("\"} ");
                text.append(total).append('\n');
            }
            text.append(String.format(Locale.ROOT, "%s_sum %.6f\n%s_count %d\n", name, sum, name, total));
        }
    }
}
