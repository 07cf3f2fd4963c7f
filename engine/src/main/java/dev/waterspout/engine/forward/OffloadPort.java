package dev.waterspout.engine.forward;

import dev.waterspout.interconnect.collective.StagedPort;

/** A port that holds something on a device. Opened, used and closed by one thread. */
public interface OffloadPort extends StagedPort, AutoCloseable {
    @Override
    void close();
}
