package dev.waterspout.engine.api;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommSchedule;
import java.util.List;

/**
 * What has been settled about a model before it takes up memory: the same in every process of a group.
 *
 * @param model the model that runs
 * @param plan one shard per rank
 * @param devices names of all ranks' devices, in rank order
 * @param options common to all ranks
 * @param exchange wire formats, collective and time limit of the exchange
 */
public record Deployment(Model model, ShardPlan plan, List<String> devices, RankOptions options, Exchange exchange) {
    /** Copies the list. */
    public Deployment {
        devices = List.copyOf(devices);
    }

    /**
     * Returns the same with another schedule.
     *
     * @param schedule wire format and collective of each exchange
     */
    public Deployment withSchedule(CommSchedule schedule) {
        return new Deployment(model, plan, devices, options.withSchedule(schedule), exchange);
    }
}
