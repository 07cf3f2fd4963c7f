package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.kernels.peer.PeerLink;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Connects the devices of one process, so that ranks copy encoded partials directly from each other's devices. Only
 * all-gathers use such copies; two-step exchanges go through the host.
 */
public final class PeerShards {
    private PeerShards() {}

    /** Result of {@link #connect}. */
    public sealed interface Result {
        /**
         * All devices can copy from each other.
         *
         * @param shards the factories to use in place of the given ones, for one group of ranks
         */
        record Connected(List<ShardFactory> shards) implements Result {
            /** Copies the list. */
            public Connected {
                shards = List.copyOf(shards);
            }
        }

        /**
         * The devices cannot copy from each other, and partials go through the host.
         *
         * @param reason the reason, as text for the user
         */
        record Refused(String reason) implements Result {}
    }

    /**
     * Connects the devices of all ranks and tests the connection with a few bytes. The devices must be idle.
     *
     * @param ranks factories of the ranks' shards, in rank order
     */
    public static Result connect(List<ShardFactory> ranks) {
        return connect(ranks, PeerUse.ALWAYS);
    }

    /**
     * Connects the devices for some phases only.
     *
     * @param ranks factories of the ranks' shards, in rank order
     * @param use phases in which partials go from device to device
     */
    public static Result connect(List<ShardFactory> ranks, PeerUse use) {
        List<TornadoShards> shards = new ArrayList<>();
        for (ShardFactory rank : ranks) {
            if (rank instanceof TornadoShards tornado) {
                shards.add(tornado);
            } else {
                return new Result.Refused("rank " + shards.size() + " is not on a TornadoVM device");
            }
        }
        List<TornadoDevice> devices = shards.stream().map(TornadoShards::device).toList();
        return switch (PeerLink.connect(devices)) {
            case PeerLink.Result.Refused refused -> new Result.Refused(refused.reason());
            case PeerLink.Result.Connected connected -> new Result.Connected(connected(shards, connected.link(), use));
        };
    }

    private static List<ShardFactory> connected(List<TornadoShards> shards, PeerLink link, PeerUse use) {
        List<ShardFactory> connected = new ArrayList<>();
        for (int rank = 0; rank < shards.size(); rank++) {
            TornadoShards each = shards.get(rank);
            connected.add(new TornadoShards(
                    each.name(), each.device(), link.end(rank), use, each.choices(), each.capturing()));
        }
        return connected;
    }
}
