package dev.waterspout.engine.tornado;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DevicePackets;
import dev.waterspout.kernels.peer.PeerEnd;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The arrays of one phase for copies from device to device: the arrays that other ranks copy, and the array that
 * receives their packets. Each half layer has its own array, because other ranks may still copy the partial of one half
 * while the other half writes its own. This rank's kernels read its own packet where they have written it.
 *
 * @param end the rank's end of the link
 * @param attention encoded partial of the attention half; for f32 the partial itself
 * @param feedForward encoded partial of the feed-forward half; for f32 the partial itself
 * @param others encoded partials of the other ranks
 */
record PeerArrays(
        PeerEnd end, TornadoNativeArray attention, TornadoNativeArray feedForward, TornadoNativeArray others) {
    /**
     * Allocates the arrays.
     *
     * @param end the rank's end of the link
     * @param format wire format of partials
     * @param maxRows number of tokens in the largest chunk
     * @param width width of the model
     * @param ranks number of ranks
     * @param arrays the arrays that stay on the device, to which these are added
     */
    static PeerArrays of(PeerEnd end, WireFormat format, int maxRows, int width, int ranks, DeviceArrays arrays) {
        long bytes = format.encodedBytes(maxRows, width);
        return new PeerArrays(
                end,
                arrays.keepCleared(array(format, bytes)),
                arrays.keepCleared(array(format, bytes)),
                arrays.keepCleared(array(format, Math.multiplyExact(ranks - 1, bytes))));
    }

    private static TornadoNativeArray array(WireFormat format, long bytes) {
        return format == PlainFormat.F32
                ? new FloatArray(Math.toIntExact(bytes / Float.BYTES))
                : new ByteArray(Math.toIntExact(bytes));
    }

    /**
     * Adds the tasks that note where the arrays of all phases are to the graph that uploads them.
     *
     * @param load the graph
     * @param phases the arrays of each phase, or null for a phase whose partials go through the host
     */
    static void locate(TaskGraph load, @Nullable PeerArrays... phases) {
        List<PeerArrays> used = used(phases);
        if (!used.isEmpty()) {
            used.getFirst()
                    .end
                    .locate(
                            load,
                            used.stream()
                                    .flatMap(each -> Stream.of(each.attention, each.feedForward, each.others))
                                    .toList());
        }
    }

    /** Gives up the rank's end, which all phases use. */
    static void close(@Nullable PeerArrays... phases) {
        used(phases).forEach(each -> each.end.close());
    }

    private static List<PeerArrays> used(@Nullable PeerArrays... phases) {
        return Stream.of(phases).filter(Objects::nonNull).distinct().toList();
    }

    /** {@return the packets that are summed after a half layer} */
    DevicePackets packets(TornadoNativeArray own, int rank, int ranks) {
        return new DevicePackets(others, own, rank, ranks);
    }
}
