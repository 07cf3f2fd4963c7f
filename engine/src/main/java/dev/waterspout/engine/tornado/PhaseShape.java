package dev.waterspout.engine.tornado;

import dev.waterspout.kernels.codec.WireFormat;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The sizes and the exchange that a phase's graphs are built for.
 *
 * @param name the phase
 * @param maxRows tokens of its largest chunk
 * @param choiceRows tokens of the chunk that its kernels are chosen for
 * @param format the wire format of its partials
 * @param packet this rank's encoded partial, which goes to the host and stays on the device; for f32 the partial itself
 * @param peers the arrays that other ranks read, or null where partials go through the host
 */
record PhaseShape(
        String name,
        int maxRows,
        int choiceRows,
        WireFormat format,
        TornadoNativeArray packet,
        @Nullable PeerArrays peers) {}
