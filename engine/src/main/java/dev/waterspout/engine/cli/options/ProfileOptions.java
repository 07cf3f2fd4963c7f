package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.cli.file.Profile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Option that records a run's timeline. */
public final class ProfileOptions {
    @Option(
            names = "--profile",
            paramLabel = "FILE",
            description = "Write a timeline of all task graphs, exchanges and operations, as JSON that Perfetto and"
                    + " 'waterspout lab report' open; each process but the first adds -rank<N> to the name.")
    private @Nullable Path file;

    private @Nullable Profile profile;

    /** Checks that the file can be written, before anything runs. */
    public void prepare() throws IOException {
        profile = new Profile(file);
    }

    /** Gives every rank of this process a timeline. Must be called before shards are created. */
    public void start(Session session) {
        Objects.requireNonNull(profile).start(session);
    }

    /** Pauses or resumes the recording. */
    public void keep(boolean keep) {
        Objects.requireNonNull(profile).keep(keep);
    }

    /**
     * Writes the file, if the option was given.
     *
     * @param command command that was run
     * @param devices devices of all ranks, as readable text
     * @param err receives a line with the file's name
     */
    public void write(String command, List<String> devices, PrintWriter err) throws IOException {
        Objects.requireNonNull(profile).write(command, devices, err);
    }
}
