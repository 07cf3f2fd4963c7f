package dev.waterspout.engine.tornado;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.peer.PeerEnd;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * What one phase of a rank shows the other ranks, and where it puts what they show. The two half layers take turns:
 * other ranks may still be reading what one offers while the other writes its own.
 *
 * @param end the rank's end of the link
 * @param attention the attention half's encoded partial
 * @param feedForward the feed-forward half's
 * @param packets all ranks' encoded partials
 */
record PeerArrays(
        PeerEnd end, TornadoNativeArray attention, TornadoNativeArray feedForward, TornadoNativeArray packets) {
    /**
     * Allocates the arrays.
     *
     * @param end the rank's end of the link
     * @param format wire format of partials
     * @param maxRows tokens of the largest chunk
     * @param width width of the model
     * @param ranks ranks of the group
     * @param arrays get them too: they stay on the device from one graph to the next
     */
    static PeerArrays of(PeerEnd end, WireFormat format, int maxRows, int width, int ranks, DeviceArrays arrays) {
        long bytes = format.encodedBytes(maxRows, width);
        return new PeerArrays(
                end,
                arrays.keepCleared(array(format, bytes)),
                arrays.keepCleared(array(format, bytes)),
                arrays.keepCleared(array(format, Math.multiplyExact(ranks, bytes))));
    }

    private static TornadoNativeArray array(WireFormat format, long bytes) {
        return format == PlainFormat.F32
                ? new FloatArray(Math.toIntExact(bytes / Float.BYTES))
                : new ByteArray(Math.toIntExact(bytes));
    }
}
