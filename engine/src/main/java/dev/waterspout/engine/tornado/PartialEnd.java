package dev.waterspout.engine.tornado;

import dev.waterspout.kernels.device.DeviceCodec;
import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.device.EncodedProduct;
import dev.waterspout.kernels.device.KernelGraph;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The end of a half layer's graph: the partial is encoded, and copied to the host unless the other ranks' devices copy
 * it. A single rank's partial stays as it is, and the next half layer reads it.
 *
 * @param codec codec of the partial
 * @param partial the partial, [rows][width]
 * @param packet receives the encoded partial: bytes, or the partial itself for f32; null for a single rank
 * @param toHost whether the packet is copied to the host
 */
record PartialEnd(
        DeviceCodec codec, FloatArray partial, @Nullable TornadoNativeArray packet, boolean toHost) {
    /** Adds the product that computes the partial, and the tasks of {@link #leave}. */
    void project(KernelGraph graph, String task, DeviceWeights w, @Nullable FloatArray bias, FloatArray x) {
        if (packet instanceof ByteArray packed) {
            new EncodedProduct(graph).add(task, w, bias, x, partial, codec, packed);
        } else {
            graph.linear(task, w, bias, x, partial);
        }
        transfer(graph);
    }

    /** Adds the task that encodes the partial, and its copy to the host. */
    void leave(KernelGraph graph) {
        if (packet instanceof ByteArray packed) {
            graph.quantize("quantize", codec, partial, packed);
        }
        transfer(graph);
    }

    private void transfer(KernelGraph graph) {
        if (packet != null && toHost) {
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, packet);
        }
    }
}
