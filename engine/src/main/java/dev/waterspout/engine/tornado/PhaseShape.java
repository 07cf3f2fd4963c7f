package dev.waterspout.engine.tornado;

import dev.waterspout.kernels.codec.WireFormat;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The sizes and the exchange that a phase's graphs are built for.
 *
 * @param name name of the phase
 * @param maxRows number of tokens in the largest chunk
 * @param choiceRows number of tokens for which the kernels are chosen
 * @param logitRows largest number of rows whose logits are computed
 * @param format wire format of partials
 * @param packet this rank's encoded partial, which is copied to the host and stays on the device; for f32 the partial
 *     itself
 * @param stored the rows of other parts of a divided pass; null if passes of the phase are never divided
 * @param peers the arrays that other ranks read, or null if partials go through the host
 */
record PhaseShape(
        String name,
        int maxRows,
        int choiceRows,
        int logitRows,
        WireFormat format,
        TornadoNativeArray packet,
        @Nullable StoredRows stored,
        @Nullable PeerArrays peers) {}
