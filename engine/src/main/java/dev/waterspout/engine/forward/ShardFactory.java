package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;

/** Puts a shard on a device. */
@FunctionalInterface
public interface ShardFactory {
    /**
     * Allocates what the shard needs on the device. Called by the thread that will use it.
     *
     * @param model stays open while the shard is used
     * @param shard the rank's part of it
     * @param ranks how many there are
     * @param options common to all ranks
     */
    ShardCompute create(Model model, Shard shard, int ranks, RankOptions options);
}
