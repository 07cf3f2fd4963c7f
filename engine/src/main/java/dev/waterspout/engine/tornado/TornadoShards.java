package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.kernels.peer.PeerEnd;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Puts shards on a TornadoVM device.
 *
 * @param name what the user calls the device
 * @param device as TornadoVM lists it
 * @param end the rank's end of a link between the devices of all ranks, for one shard only; or null where there is none
 */
record TornadoShards(
        String name, TornadoDevice device, @Nullable PeerEnd end) implements ShardFactory {
    @Override
    public ShardCompute create(Model model, Shard shard, int ranks, RankOptions options) {
        return new TornadoShard(this, model, shard, ranks, options);
    }
}
