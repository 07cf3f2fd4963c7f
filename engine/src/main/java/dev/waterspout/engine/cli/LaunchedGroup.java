package dev.waterspout.engine.cli;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.mpi.MpiLibrary;
import dev.waterspout.interconnect.mpi.MpiSettings;
import dev.waterspout.interconnect.mpi.MpiTransport;
import dev.waterspout.interconnect.transport.Transport;
import java.io.PrintWriter;

/** The group of processes that a launcher started: the one place that knows by what they reach each other. */
final class LaunchedGroup {
    private LaunchedGroup() {}

    /**
     * Joins the group; called on the rank's thread, which alone uses the transport.
     *
     * @param comm library and timeout
     * @param err receives the reason where the process has to end by itself
     */
    static Transport join(CommOptions comm, PrintWriter err) {
        MpiLibrary library = MpiLibrary.load(comm.mpiLibrary().orElse(null), Environment.launcher());
        MpiSettings settings =
                new MpiSettings(comm.peerTimeout(), Runtime.getRuntime().availableProcessors(), lost -> end(lost, err));
        return MpiTransport.join(library, settings, Environment.ownRank());
    }

    private static void end(InterconnectException lost, PrintWriter err) {
        err.println("waterspout: " + lost.getMessage());
        err.flush();
        Runtime.getRuntime().halt(ExitCode.PEER);
    }
}
