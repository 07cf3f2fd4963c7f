package dev.waterspout.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Exit codes and messages of the launcher {@code bin/waterspout-mpi}, with a script in place of mpirun. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MpiLauncherTest {
    private static final String NOTICE =
            "echo 'mpirun.openmpi noticed that process rank 3 with PID 0 on node left exited on signal 9 (Killed).'"
                    + " >&2\n";

    @TempDir
    private Path root;

    /**
     * A run.
     *
     * @param mpirun the script
     * @param status expected exit code of the launcher
     * @param says expected text on stderr
     */
    private record Run(String mpirun, int status, String says) {}

    @Test
    void namesTheRankThatASignalEnded() throws IOException, InterruptedException {
        String killed = "waterspout-mpi: rank 3 on host left was ended by signal 9, and with it all ranks";
        List<Run> runs = List.of(
                new Run(NOTICE + "exit 137", 5, killed),
                new Run("exit 139", 5, "waterspout-mpi: a rank was ended by signal 11, and with it all ranks"),
                new Run("echo 'waterspout: no such file' >&2\nexit 3", 3, "waterspout: no such file"),
                new Run("exit 0", 0, ""),
                // The launcher receives SIGTERM and forwards it to mpirun.
                new Run(
                        NOTICE + "kill -TERM \"$PPID\"\nsleep 60 &\ntrap 'kill $!; exit 143' TERM\nwait",
                        143,
                        "on node left"));
        Map<Process, Run> started = new LinkedHashMap<>();
        for (Run run : runs) {
            started.put(start(run), run);
        }
        for (Map.Entry<Process, Run> each : started.entrySet()) {
            String errors = new String(each.getKey().getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(each.getKey().waitFor())
                    .as(errors)
                    .isEqualTo(each.getValue().status());
            assertThat(errors).contains(each.getValue().says());
            // The launcher prints its own message only for ranks that could not print one.
            assertThat(errors.contains(" was ended by signal "))
                    .as(errors)
                    .isEqualTo(each.getValue().status() == 5);
        }
        try (var left = Files.list(Files.createDirectories(root.resolve("tmp")))) {
            assertThat(left).isEmpty();
        }
    }

    private Process start(Run run) throws IOException {
        Path folder = Files.createTempDirectory(root, "run");
        Path mpirun = Files.writeString(folder.resolve("mpirun.openmpi"), "#!/bin/sh\n" + run.mpirun() + "\n");
        Files.setPosixFilePermissions(mpirun, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path launcher = HouseRulesTest.ROOT.resolve("bin/waterspout-mpi");
        ProcessBuilder builder = new ProcessBuilder(launcher.toString(), "-np", "4", "generate");
        builder.environment().merge("PATH", folder.toString(), (path, first) -> first + ":" + path);
        builder.environment()
                .put("TMPDIR", Files.createDirectories(root.resolve("tmp")).toString());
        return builder.start();
    }
}
