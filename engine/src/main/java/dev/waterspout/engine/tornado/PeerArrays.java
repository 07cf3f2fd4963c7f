package dev.waterspout.engine.tornado;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.peer.PeerEnd;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The arrays of one phase for copies from device to device: the arrays that other ranks read, and the array that
 * receives their packets. Each half layer has its own array, because other ranks may still read the partial of one half
 * while the other half writes its own.
 *
 * @param end the rank's end of the link
 * @param attention encoded partial of the attention half
 * @param feedForward encoded partial of the feed-forward half
 * @param packets encoded partials of all ranks
 */
record PeerArrays(
        PeerEnd end, TornadoNativeArray attention, TornadoNativeArray feedForward, TornadoNativeArray packets) {
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
                arrays.keepCleared(array(format, Math.multiplyExact(ranks, bytes))));
    }

    private static TornadoNativeArray array(WireFormat format, long bytes) {
        return format == PlainFormat.F32
                ? new FloatArray(Math.toIntExact(bytes / Float.BYTES))
                : new ByteArray(Math.toIntExact(bytes));
    }
}
