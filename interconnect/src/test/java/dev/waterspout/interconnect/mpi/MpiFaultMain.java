package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.collective.FaultScenarios;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

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
        String what = arguments[1];
        String files = arguments[2];
        MpiSettings settings = new MpiSettings(timeout(what), 0, reason -> end(files, reason));
        int launched = launchedRank();
        Files.writeString(Path.of(files + ".rank"), "" + launched);
        if (launched == CULPRIT) {
            happenBeforeTheStart(what);
        }
        try (MpiTransport transport = MpiTransport.join(
                MpiLibrary.load(null, Launcher.valueOf(arguments[0])), settings, "rank " + launched)) {
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

    private static Duration timeout(String what) {
        return switch (what) {
            case "stopped",
                    "late",
                    MpiTransportTest.SLOW,
                    MpiTransportTest.NEVER_STARTS,
                    MpiTransportTest.ENDS_BEFORE_THE_START -> TIMEOUT;
            default -> LONG_TIMEOUT;
        };
    }

    /** Returns the rank that the launcher assigned. */
    private static int launchedRank() {
        String openMpi = System.getenv("OMPI_COMM_WORLD_RANK");
        return Integer.parseInt(openMpi == null ? System.getenv("PMI_RANK") : openMpi);
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
            case MpiTransportTest.SLOW -> compute(TIMEOUT.dividedBy(2));
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
