package dev.waterspout.engine.api;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import java.util.List;

/** Factory of shards whose partials are encoded and summed on other devices. */
@FunctionalInterface
public interface Offload {
    /**
     * Returns the factories of this process's shards.
     *
     * @param session the ranks
     * @param options options that all ranks have in common
     * @param shards factories without a link, one per rank of this process
     */
    List<ShardFactory> apply(Session session, RankOptions options, List<ShardFactory> shards);
}
