package dev.waterspout.benchmarks.ttft;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;

/**
 * One cell of the benchmark: a model, a group of ranks, a link, a wire format and a prompt.
 *
 * @param model {@code orator}, or a shape and a type as {@code waterspout bench --make-model} takes them
 * @param ranks number of processes
 * @param link rate in Gbit/s, or {@link #UNLIMITED}
 * @param comm wire format, or {@code auto}
 * @param prompt number of tokens
 */
record Cell(String model, int ranks, String link, String comm, int prompt) {
    static final String UNLIMITED = "unlimited";

    static Cell of(JsonObject json) {
        return new Cell(
                json.getString("model"),
                json.getInt("ranks"),
                json.getString("linkGbps"),
                json.getString("comm"),
                json.getInt("promptTokens"));
    }

    JsonObjectBuilder toJson() {
        return Json.createObjectBuilder()
                .add("model", model)
                .add("ranks", ranks)
                .add("linkGbps", link)
                .add("comm", comm)
                .add("promptTokens", prompt);
    }

    Cell withComm(String other) {
        return new Cell(model, ranks, link, other, prompt);
    }

    Cell withLink(String other) {
        return new Cell(model, ranks, other, comm, prompt);
    }

    Cell withPrompt(int other) {
        return new Cell(model, ranks, link, comm, other);
    }

    /** {@return the link's bandwidth in bytes per second, infinite without a limit} */
    double bytesPerSecond() {
        return link.equals(UNLIMITED) ? Double.POSITIVE_INFINITY : Double.parseDouble(link) * 1e9 / Byte.SIZE;
    }

    @Override
    public String toString() {
        return "%s, %d ranks, %s Gbit/s, %s, %d tokens".formatted(model, ranks, link, comm, prompt);
    }
}
