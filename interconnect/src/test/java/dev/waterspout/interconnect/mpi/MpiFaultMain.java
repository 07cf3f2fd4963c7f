package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.collective.FaultScenarios;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * One rank of a group of which one rank fails. It ends like the engine: with exit code 0, or with 5 and one sentence in
 * a file. Arguments: launcher, fault, and prefix of the output files.
 */
final class MpiFaultMain {
    static final int CULPRIT = 1;
    /** Time-out of groups that wait for it. */
    static final Duration TIMEOUT = Duration.ofSeconds(4);
    /** Time-out of groups whose faults are noticed without it: enough for a start on a busy machine. */
    private static final Duration LONG_TIMEOUT = Duration.ofMinutes(1);

    private static final int CALLS = 8;
    private static final int FATAL_CALL = 3;
    private static final int PEER_FAILED = 5;

    private MpiFaultMain() {}

    public static void main(String[] arguments) throws IOException {
        Launcher launcher = Launcher.valueOf(arguments[0]);
        String what = arguments[1];
        String files = arguments[2];
        MpiSettings settings = new MpiSettings(timeout(what, launcher), 0, reason -> end(files, reason));
        int launched = launched("RANK");
        Files.writeString(Path.of(files + ".rank"), "" + launched);
        awaitProcesses(Objects.requireNonNull(Path.of(files).toAbsolutePath().getParent()));
        if (launched == CULPRIT) {
            happenBeforeTheStart(what);
        }
        try (MpiTransport transport =
                MpiTransport.join(MpiLibrary.load(null, launcher), settings, "rank " + launched)) {
            int rank = transport.rank();
            String fault = what.matches("[A-Z_]+") ? what : "";
            try {
                FaultScenarios.sumPartials(transport, fault, CALLS, call -> happen(what, rank, call));
            } catch (IllegalStateException own) {
                transport.abort(own);
                throw own;
            }
        } catch (InterconnectException reason) {
            end(files, reason);
        }
    }

    private static Duration timeout(String what, Launcher launcher) {
        return switch (what) {
            case "stopped", "late", MpiTransportTest.SLOW, MpiTransportTest.NEVER_STARTS -> TIMEOUT;
            // The launcher of Open MPI stops the other ranks of a killed one.
            case MpiTransportTest.ENDS_BEFORE_THE_START -> launcher == Launcher.OPEN_MPI ? LONG_TIMEOUT : TIMEOUT;
            default -> LONG_TIMEOUT;
        };
    }

    /** Returns this process's RANK, or the SIZE of its group, as the launcher assigned it. */
    private static int launched(String what) {
        String openMpi = System.getenv("OMPI_COMM_WORLD_" + what);
        return Integer.parseInt(openMpi == null ? System.getenv("PMI_" + what) : openMpi);
    }

    /** Waits until all JVMs of the group run: the time that they take to start does not count as a rank's delay. */
    private static void awaitProcesses(Path folder) throws IOException {
        for (long running = 0; running < launched("SIZE"); LockSupport.parkNanos(5_000_000)) {
            try (Stream<Path> files = Files.list(folder)) {
                running =
                        files.filter(file -> file.toString().endsWith(".rank")).count();
            }
        }
    }

    private static void happenBeforeTheStart(String what) {
        switch (what) {
            case MpiTransportTest.NEVER_STARTS -> compute();
            case MpiTransportTest.ENDS_BEFORE_THE_START -> signal("KILL");
            default -> {}
        }
    }

    private static void end(String files, InterconnectException reason) {
        try {
            Files.writeString(Path.of(files + ".reason"), "" + reason.getMessage());
        } catch (IOException lost) {
            System.err.println(lost); // the rank ends nevertheless
        }
        Runtime.getRuntime().halt(PEER_FAILED);
    }

    private static void happen(String what, int rank, int call) {
        if (call != FATAL_CALL) {
            return;
        }
        if (rank != CULPRIT) {
            if (what.equals("killed while the others compute")) {
                compute();
            }
            return;
        }
        switch (what) {
            case "killed", "killed while the others compute" -> signal("KILL");
            case "stopped" -> signal("STOP");
            case "late" -> compute();
            case MpiTransportTest.SLOW -> compute(TIMEOUT.dividedBy(4));
            case "throws" -> throw new IllegalStateException("out of paper");
            default -> {}
        }
    }

    /** Computes for longer than the other ranks wait with {@link #TIMEOUT}. */
    private static void compute() {
        compute(TIMEOUT.multipliedBy(3));
    }

    private static void compute(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, "" + ProcessHandle.current().pid())
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException impossible) {
            throw new IllegalStateException(impossible);
        }
        compute();
    }
}
