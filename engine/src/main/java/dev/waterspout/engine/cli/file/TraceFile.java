package dev.waterspout.engine.cli.file;

import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.environment.Version;
import dev.waterspout.kernels.files.FileReplacement;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Recording;
import dev.waterspout.kernels.timeline.Timeline;
import jakarta.json.Json;
import jakarta.json.stream.JsonGenerator;
import java.io.BufferedWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Timelines in the JSON form of Chrome's Trace Event Format, which Perfetto opens: one complete event
 * ({@code "ph": "X"}) per phase, with times in microseconds. A rank is a process of the trace. Its thread 0 is the
 * rank's thread, thread 1 the device, and thread 2 the messages in flight during computation.
 *
 * <p>Source: "Trace Event Format", the document of the Chromium project.
 *
 * @param command command that was run
 * @param devices devices of all ranks, by rank
 * @param epochNanos difference between the time since 1970 and {@code System.nanoTime}
 * @param recordings recordings of this process's ranks
 */
public record TraceFile(String command, List<String> devices, long epochNanos, List<Recording> recordings) {
    /** A key in {@code otherData}. */
    static final String SCHEMA = "waterspout-trace-1";

    private static final int RANK_THREAD = 0;
    private static final int DEVICE_THREAD = 1;
    private static final int LINK_THREAD = 2;

    private record Slice(Phase phase, String name, int number, long start, long nanos) {
        int thread() {
            return switch (phase) {
                case KERNEL, COPY_IN, COPY_OUT, DISPATCH -> DEVICE_THREAD;
                case UNDER_WAY -> LINK_THREAD;
                default -> RANK_THREAD;
            };
        }
    }

    void write(Path target) throws IOException {
        FileReplacement.write(target, this::writeContent);
    }

    private void writeContent(WritableByteChannel target) throws IOException {
        try (JsonGenerator json =
                Json.createGenerator(new BufferedWriter(Channels.newWriter(target, StandardCharsets.UTF_8)))) {
            json.writeStartObject();
            json.write("displayTimeUnit", "ms");
            json.writeStartObject("otherData");
            json.write("schema", SCHEMA);
            json.write("version", Version.number());
            json.write("command", command);
            json.write("machine", Environment.machine());
            json.write(
                    "phasesLeftOut",
                    recordings.stream().mapToLong(Recording::leftOut).sum());
            json.writeEnd();
            json.writeStartArray("traceEvents");
            for (Recording recording : recordings) {
                write(recording, json);
            }
            json.writeEnd();
            json.writeEnd();
        }
    }

    private void write(Recording recording, JsonGenerator json) {
        int rank = recording.rank();
        String device = rank < devices.size() ? " on " + devices.get(rank) : "";
        writeName(json, "process_name", rank, RANK_THREAD, "rank " + rank + device);
        writeName(json, "thread_name", rank, RANK_THREAD, "rank's thread");
        List<Slice> slices = new ArrayList<>();
        recording.read((phase, name, number, start, nanos) -> slices.add(new Slice(phase, name, number, start, nanos)));
        if (slices.stream().anyMatch(slice -> slice.thread() == DEVICE_THREAD)) {
            writeName(json, "thread_name", rank, DEVICE_THREAD, "device (order and durations)");
        }
        if (slices.stream().anyMatch(slice -> slice.thread() == LINK_THREAD)) {
            writeName(json, "thread_name", rank, LINK_THREAD, "messages under way");
        }
        // Of two slices with the same start, the longer one contains the other.
        slices.sort(Comparator.comparingLong(Slice::start)
                .thenComparing(Comparator.comparingLong(Slice::nanos).reversed()));
        for (Slice slice : slices) {
            json.writeStartObject();
            json.write("ph", "X");
            json.write("name", slice.name);
            json.write("cat", slice.phase.label());
            json.write("pid", rank);
            json.write("tid", slice.thread());
            json.write("ts", micros(slice.start + epochNanos));
            json.write("dur", micros(slice.nanos));
            if (slice.number != Timeline.NO_NUMBER) {
                json.writeStartObject("args");
                json.write("number", slice.number);
                json.writeEnd();
            }
            json.writeEnd();
        }
    }

    private static void writeName(JsonGenerator json, String kind, int rank, int thread, String name) {
        json.writeStartObject();
        json.write("ph", "M");
        json.write("name", kind);
        json.write("pid", rank);
        json.write("tid", thread);
        json.writeStartObject("args");
        json.write("name", name);
        json.writeEnd();
        json.writeEnd();
    }

    private static BigDecimal micros(long nanos) {
        return BigDecimal.valueOf(nanos, 3);
    }
}
