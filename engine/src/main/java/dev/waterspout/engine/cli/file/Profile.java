package dev.waterspout.engine.cli.file;

import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.environment.Environment;
import dev.waterspout.kernels.timeline.Recording;
import dev.waterspout.kernels.timeline.Timeline;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The timelines of this process's ranks. They are recorded for a file if one is given, and for Java Flight Recorder if
 * it runs. Otherwise nothing is recorded.
 */
public final class Profile {
    private final @Nullable Path file;
    private final Map<Integer, Recording> recordings = new ConcurrentHashMap<>();
    /**
     * The difference of the time since 1970 and {@code System.nanoTime}, so that files of several processes can be
     * combined.
     */
    private final long epochNanos;

    /**
     * Starts the recording.
     *
     * @param file the file to write at the end, or null
     * @throws IOException if it cannot be written there
     */
    public Profile(@Nullable Path file) throws IOException {
        this.file = file;
        Instant now = Instant.now();
        this.epochNanos = now.getEpochSecond() * 1_000_000_000L + now.getNano() - System.nanoTime();
        if (file != null) {
            Path folder = Objects.requireNonNullElse(file.toAbsolutePath().getParent(), Path.of("/"));
            if (!Files.isDirectory(folder)) {
                throw new IOException("profile " + file + " cannot be written: " + folder + " is not a folder");
            }
            if (Files.isDirectory(file)) {
                throw new IOException("profile " + file + " cannot be written: it is a folder");
            }
        }
    }

    /** Gives every rank of this process a timeline. Must be called before shards are created. */
    public void start(Session session) {
        boolean flight = Environment.flightRecording();
        if (file != null || flight) {
            session.threads().run(member -> member.counters().record(timeline(member.rank(), flight)));
        }
    }

    /** Pauses or resumes the recording. */
    public void keep(boolean keep) {
        if (file != null) {
            recordings.values().forEach(recording -> recording.keep(keep));
        }
    }

    private Timeline timeline(int rank, boolean flight) {
        Recording recording = new Recording(rank, file != null, flight);
        recordings.put(rank, recording);
        return recording;
    }

    /**
     * Writes the file, if one was given. Its name contains the rank's number in every process but the first.
     *
     * @param command command that was run
     * @param devices devices of all ranks, as readable text
     * @param err receives a line about the file
     */
    public void write(String command, List<String> devices, PrintWriter err) throws IOException {
        if (file == null || recordings.isEmpty()) {
            return;
        }
        TreeMap<Integer, Recording> sorted = new TreeMap<>(recordings);
        Path target = sorted.firstKey() == 0 ? file : besides(file, sorted.firstKey());
        new TraceFile(command, devices, epochNanos, List.copyOf(sorted.values())).write(target);
        err.println("profile: " + target + ", " + Files.size(target) + " bytes");
        err.flush();
    }

    private static Path besides(Path file, int rank) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        String stem = dot > 0 ? name.substring(0, dot) : name;
        String extension = dot > 0 ? name.substring(dot) : "";
        return file.resolveSibling(stem + "-rank" + rank + extension);
    }
}
