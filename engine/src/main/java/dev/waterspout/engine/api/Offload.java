package dev.waterspout.engine.api;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import java.util.List;

/** Lets other devices than a rank's own encode and sum partials. */
@FunctionalInterface
public interface Offload {
    /**
     * Returns what makes the shards of this process.
     *
     * @param session the ranks
     * @param options common to all ranks
     * @param shards factories without a link, one per rank of this process
     */
    List<ShardFactory> apply(Session session, RankOptions options, List<ShardFactory> shards);
}
