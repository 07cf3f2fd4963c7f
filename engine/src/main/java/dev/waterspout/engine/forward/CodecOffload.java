package dev.waterspout.engine.forward;

import dev.waterspout.interconnect.collective.StagedPort;
import java.lang.foreign.MemorySegment;

/** Encodes and sums a host rank's partials on another device, in place of the rank's workers. */
@FunctionalInterface
public interface CodecOffload {
    /**
     * Opens a port of one format.
     *
     * @param host the same port on the rank's own workers, for operations that are not offloaded
     * @param size size of the largest exchange
     * @param partial f32 {@code [rows][columns]}, in the process's memory
     * @param residual f32 {@code [rows][columns]}, in the process's memory
     */
    OffloadPort open(StagedPort host, CodecSize size, MemorySegment partial, MemorySegment residual);
}
