package dev.waterspout.kernels.device;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What a half layer adds to the residual stream: the sum of the partials of the previous half layer. {@code Step} says
 * how many packets are summed, from none to all.
 *
 * @param codec codec of the packets
 * @param packets packets of all ranks
 * @param post norm of the sum, or null
 * @param layersBefore 1 if the sum is that of the layer before the launch's, else 0; {@code post} is that layer's
 * @param scale factor of the sum
 * @param residual [rows][columns of the codec]
 * @param rows of {@code residual} and of each packet
 */
public record ResidualSum(
        DeviceCodec codec,
        DevicePackets packets,
        @Nullable DeviceNorm post,
        int layersBefore,
        float scale,
        FloatArray residual,
        int rows) {}
