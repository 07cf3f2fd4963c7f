package dev.waterspout.engine.api;

import dev.waterspout.engine.environment.Environment;
import dev.waterspout.interconnect.mpi.MpiLibrary;
import dev.waterspout.interconnect.mpi.MpiSettings;
import dev.waterspout.interconnect.mpi.MpiTransport;
import dev.waterspout.interconnect.transport.Transport;

/** The group of processes that a launcher started. Only this class selects their transport. */
final class LaunchedGroup {
    private LaunchedGroup() {}

    /**
     * Joins the group. Called on the rank's thread, which is the only one to use the transport.
     *
     * @param exchange options with MPI library and time limit
     * @param events receives the loss of the group if no method can throw it
     */
    static Transport join(Exchange exchange, Events events) {
        MpiLibrary library = MpiLibrary.load(exchange.mpiLibrary().orElse(null), Environment.launcher());
        int cores = Runtime.getRuntime().availableProcessors();
        MpiSettings settings = new MpiSettings(exchange.peerTimeout(), cores, events::lost);
        return MpiTransport.join(library, settings, Environment.ownRank());
    }
}
