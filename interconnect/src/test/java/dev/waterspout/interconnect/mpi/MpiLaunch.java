package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Starts a program as the ranks of a group, as a user would, and collects the output files of its processes. */
final class MpiLaunch {
    private static final long TIME_LIMIT_SECONDS = 150;

    private MpiLaunch() {}

    /** End of one rank: exit code, and its last sentence, which may be empty. */
    record End(int code, String sentence) {}

    /** Skips the test, with a message, unless this launcher and its library are installed. */
    static void assume(Launcher launcher) {
        Assumptions.assumeTrue(isInstalled(launcher), () -> launcher + ": no launcher or no library is installed");
    }

    static boolean isInstalled(Launcher launcher) {
        try {
            MpiLibrary.load(null, launcher);
            return Stream.of(System.getenv("PATH").split(":", -1))
                    .anyMatch(folder -> Files.isExecutable(
                            Path.of(folder, command(launcher, 1).getFirst())));
        } catch (InterconnectException absent) {
            return false;
        }
    }

    private static List<String> command(Launcher launcher, int ranks) {
        if (launcher == Launcher.MPICH) {
            // Without this option it kills all ranks at once when one fails.
            return List.of("mpiexec.mpich", "-disable-auto-cleanup", "-n", "" + ranks);
        }
        List<String> command = new ArrayList<>(List.of("mpirun", "--oversubscribe", "--bind-to", "none"));
        command.addAll(List.of("--mca", "mpi_yield_when_idle", "1", "--mca", "odls_base_sigkill_timeout", "6"));
        if ("root".equals(System.getProperty("user.name"))) {
            command.add("--allow-run-as-root");
        }
        command.addAll(List.of("-np", "" + ranks));
        return command;
    }

    /**
     * Runs a program on some ranks, each under a shell that records its exit code. Its last argument is the prefix of
     * its output files.
     *
     * @param folder of those files
     * @return the end of each rank
     */
    static Map<Integer, End> run(Launcher launcher, int ranks, Path folder, Class<?> program, String... arguments)
            throws IOException, InterruptedException {
        Path script = folder.resolve("rank.sh");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Files.writeString(
                script,
                String.join(
                        "\n",
                        // The shell ignores the launcher's signals, so that it can record the exit code of its child.
                        "trap : TERM USR1",
                        "'" + java + "' -XX:TieredStopAtLevel=1 -Xshare:auto -XX:+UseSerialGC -Xmx256m"
                                + " --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -cp '"
                                + System.getProperty("java.class.path") + "' " + program.getName() + " \"$@\" '"
                                + folder + "'/$$ 2> '" + folder + "'/$$.err",
                        "code=$?",
                        "echo $code > '" + folder + "'/$$.code",
                        "exit $code"));
        List<String> command = new ArrayList<>(command(launcher, ranks));
        command.addAll(List.of("sh", script.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(folder.resolve("launcher.out").toFile());
        Process process = builder.start();
        if (!process.waitFor(TIME_LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("the group did not end within " + TIME_LIMIT_SECONDS + " s: " + told(folder));
        }
        return ends(folder);
    }

    private static Map<Integer, End> ends(Path folder) throws IOException {
        Map<Integer, End> ends = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".rank")).toList()) {
                String start = file.toString().replaceAll("rank$", "");
                String code = read(Path.of(start + "code"));
                ends.put(
                        Integer.parseInt(Files.readString(file)),
                        new End(code.isEmpty() ? -1 : Integer.parseInt(code), read(Path.of(start + "reason"))));
            }
        }
        if (ends.isEmpty()) {
            throw new AssertionError("no rank has started: " + told(folder));
        }
        return ends;
    }

    private static String read(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file).strip() : "";
    }

    private static String told(Path folder) throws IOException {
        StringBuilder told = new StringBuilder();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(path -> path.toString().matches(".*(err|out)")).toList()) {
                told.append(read(file)).append('\n');
            }
        }
        return told.toString();
    }
}
