package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;

/** Creates a shard on a device. */
@FunctionalInterface
public interface ShardFactory {
    /**
     * Allocates the shard's memory on the device. Called by the thread that will use it.
     *
     * @param model stays open while the shard is used
     * @param shard the rank's part of the model
     * @param ranks number of ranks
     * @param options common to all ranks
     */
    ShardCompute create(Model model, Shard shard, int ranks, RankOptions options);

    /**
     * Measures the cost of encoding and summing on the device, if it has kernels for them; called by the thread that
     * will use the shard, while nothing else runs on the device.
     *
     * @param formats formats to measure
     * @param size size of the largest exchange
     * @return a cost per format that the device has kernels for; none if the work is done by the host's codec
     */
    default CodecCosts codecs(List<WireFormat> formats, CodecSize size) {
        return CodecCosts.NONE;
    }
}
