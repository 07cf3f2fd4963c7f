package dev.waterspout.benchmarks.ttft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** One run of a program under {@code benchmarks/network}, with a temporary folder that is deleted on close. */
final class NetworkRun implements AutoCloseable {
    private final Path root;
    private final Cell cell;
    private final Path folder;

    private NetworkRun(Path root, Cell cell, Path folder) {
        this.root = root;
        this.cell = cell;
        this.folder = folder;
    }

    /**
     * @param root root of the source tree
     * @param cell cell with the link and the number of ranks
     */
    static NetworkRun create(Path root, Cell cell) throws IOException {
        return new NetworkRun(root, cell, Files.createTempDirectory("ttft"));
    }

    /** {@return an empty folder for files of the program} */
    Path folder() {
        return folder;
    }

    /**
     * Runs a program, once per rank.
     *
     * @return the output of rank 0, and the errors of all ranks
     * @throws IOException if the exit code is not 0 or the time limit is reached; the message contains the output
     */
    String run(List<String> program, int timeoutSeconds) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                root.resolve("benchmarks/network").toString(),
                "--ranks",
                Integer.toString(cell.ranks()),
                "--rates",
                cell.link(),
                "--"));
        command.addAll(program);
        Path log = Files.createTempFile("ttft", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            boolean ended = process.waitFor(timeoutSeconds, TimeUnit.SECONDS);
            if (!ended) {
                process.destroy();
                var _ = process.waitFor(10, TimeUnit.SECONDS);
            }
            String text = Files.readString(log);
            if (!ended || process.exitValue() != 0) {
                throw new IOException(cell + ": "
                        + (ended ? "exit code " + process.exitValue() : "not done in " + timeoutSeconds + " s") + "\n"
                        + text);
            }
            return text;
        } finally {
            Files.deleteIfExists(log);
        }
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
