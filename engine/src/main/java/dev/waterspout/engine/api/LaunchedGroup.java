package dev.waterspout.engine.api;

import dev.waterspout.engine.environment.Environment;
import dev.waterspout.interconnect.mpi.MpiLibrary;
import dev.waterspout.interconnect.mpi.MpiSettings;
import dev.waterspout.interconnect.mpi.MpiTransport;
import dev.waterspout.interconnect.transport.Transport;

/** The group of processes that a launcher started: the one place that knows by what they reach each other. */
final class LaunchedGroup {
    private LaunchedGroup() {}

    /**
     * Joins the group; called on the rank's thread, which alone uses the transport.
     *
     * @param exchange library and timeout
     * @param events are told where the group is lost and no method can say so
     */
    static Transport join(Exchange exchange, Events events) {
        MpiLibrary library = MpiLibrary.load(exchange.mpiLibrary().orElse(null), Environment.launcher());
        int cores = Runtime.getRuntime().availableProcessors();
        MpiSettings settings = new MpiSettings(exchange.peerTimeout(), cores, events::lost);
        return MpiTransport.join(library, settings, Environment.ownRank());
    }
}
