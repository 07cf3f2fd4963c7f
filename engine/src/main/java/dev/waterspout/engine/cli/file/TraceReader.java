package dev.waterspout.engine.cli.file;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** The data of a report's page from a trace file of {@code --profile}: its first passes, and sums of all passes. */
public final class TraceReader {
    /** Largest number of slices on a page, which more would make slow. */
    private static final int MOST = 12_000;

    private static final String FORWARD = "forward";

    private TraceReader() {}

    /** {@return whether a file is a trace, of this or another program} */
    public static boolean isTrace(JsonObject object) {
        return object.get("traceEvents") instanceof JsonArray events
                && events.stream().allMatch(TraceReader::isEvent)
                && events.stream().anyMatch(event -> isSlice(event.asJsonObject()));
    }

    private static boolean isEvent(JsonValue value) {
        if (!(value instanceof JsonObject event) || !(event.get("ph") instanceof JsonString)) {
            return false;
        }
        boolean complete = event.get("name") instanceof JsonString
                && event.get("ts") instanceof JsonNumber
                && event.get("dur") instanceof JsonNumber
                && event.get("pid") instanceof JsonNumber
                && event.get("tid") instanceof JsonNumber;
        return complete || !isSlice(event);
    }

    private static boolean isSlice(JsonObject event) {
        return event.getString("ph", "").equals("X");
    }

    /**
     * Returns the data of the page: {@code lanes}, the names of ranks' threads by {@code pid:tid}; {@code slices}, each
     * {@code [lane, category, name, number or -1, start ms, length ms]}; {@code totals}, per lane and category the
     * milliseconds and the count of all slices; and how many slices are left out.
     *
     * @param traces the files of one run, one per process
     */
    public static JsonObject page(List<JsonObject> traces) {
        List<JsonObject> slices = new ArrayList<>();
        Map<Integer, String> processes = new TreeMap<>();
        Map<String, String> threads = new TreeMap<>();
        JsonArrayBuilder machines = Json.createArrayBuilder();
        for (JsonObject trace : traces) {
            if (trace.get("otherData") instanceof JsonObject other) {
                machines.add(other.getString("machine", ""));
            }
            for (JsonObject event : trace.getJsonArray("traceEvents").getValuesAs(JsonObject.class)) {
                if (isSlice(event)) {
                    slices.add(event);
                } else if (event.get("args") instanceof JsonObject args && event.get("pid") instanceof JsonNumber) {
                    String name = args.getString("name", "");
                    switch (event.getString("name", "")) {
                        case "process_name" -> processes.put(event.getInt("pid"), name);
                        case "thread_name" -> threads.put(lane(event), name);
                        default -> {}
                    }
                }
            }
        }
        slices.sort(Comparator.comparingDouble((JsonObject slice) -> number(slice, "ts"))
                .thenComparing(Comparator.comparingDouble((JsonObject slice) -> number(slice, "dur"))
                        .reversed()));
        List<String> lanes = slices.stream()
                .map(TraceReader::lane)
                .distinct()
                .sorted(byNumbers())
                .toList();
        JsonArrayBuilder names = Json.createArrayBuilder();
        for (String lane : lanes) {
            int process = Integer.parseInt(lane.substring(0, lane.indexOf(':')));
            names.add(processes.getOrDefault(process, "process " + process) + ", " + threads.getOrDefault(lane, lane));
        }
        return Json.createObjectBuilder()
                .add("machines", machines)
                .add("lanes", names)
                .add("slices", drawn(slices, lanes))
                .add("totals", totals(slices, lanes))
                .add("leftOut", Math.max(0, slices.size() - first(slices) - MOST))
                .build();
    }

    /** The page begins with the first pass. Loading and measuring before it are only in the sums. */
    private static int first(List<JsonObject> slices) {
        return IntStream.range(0, slices.size())
                .filter(i -> category(slices.get(i)).equals(FORWARD))
                .findFirst()
                .orElse(0);
    }

    private static JsonArrayBuilder drawn(List<JsonObject> slices, List<String> lanes) {
        JsonArrayBuilder drawn = Json.createArrayBuilder();
        int first = first(slices);
        double origin = number(slices.get(first), "ts");
        for (JsonObject slice : slices.subList(first, Math.min(slices.size(), first + MOST))) {
            int number = slice.get("args") instanceof JsonObject args ? args.getInt("number", -1) : -1;
            drawn.add(Json.createArrayBuilder()
                    .add(lanes.indexOf(lane(slice)))
                    .add(category(slice))
                    .add(slice.getString("name"))
                    .add(number)
                    .add(milliseconds(number(slice, "ts") - origin))
                    .add(milliseconds(number(slice, "dur"))));
        }
        return drawn;
    }

    private static JsonArrayBuilder totals(List<JsonObject> slices, List<String> lanes) {
        JsonArrayBuilder totals = Json.createArrayBuilder();
        for (String lane : lanes) {
            Map<String, double[]> sums = new TreeMap<>();
            for (JsonObject slice : slices) {
                if (lane(slice).equals(lane)) {
                    double[] sum = sums.computeIfAbsent(category(slice), _ -> new double[2]);
                    sum[0] += number(slice, "dur") / 1e3;
                    sum[1]++;
                }
            }
            sums.forEach((category, sum) -> totals.add(Json.createArrayBuilder()
                    .add(lanes.indexOf(lane))
                    .add(category)
                    .add(milliseconds(sum[0] * 1e3))
                    .add((long) sum[1])));
        }
        return totals;
    }

    private static Comparator<String> byNumbers() {
        return Comparator.comparingInt((String lane) -> Integer.parseInt(lane.substring(0, lane.indexOf(':'))))
                .thenComparing(lane -> lane);
    }

    private static String lane(JsonObject event) {
        return event.getInt("pid") + ":" + event.getInt("tid", 0);
    }

    private static String category(JsonObject slice) {
        return slice.getString("cat", "other");
    }

    private static double number(JsonObject slice, String key) {
        return slice.getJsonNumber(key).doubleValue();
    }

    private static double milliseconds(double micros) {
        return Math.round(micros * 1e3) / 1e6;
    }
}
