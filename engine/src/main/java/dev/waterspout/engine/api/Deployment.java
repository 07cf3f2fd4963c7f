package dev.waterspout.engine.api;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommSchedule;
import java.util.List;

/**
 * The checked options and the plan of a model, before memory is allocated. They are the same in every process of a
 * group.
 *
 * @param model the model that runs
 * @param plan one shard per rank
 * @param devices names of all ranks' devices, in rank order
 * @param options options that all ranks have in common
 * @param exchange wire formats, collective and time limit of the exchange
 */
public record Deployment(Model model, ShardPlan plan, List<String> devices, RankOptions options, Exchange exchange) {
    /** Copies the list. */
    public Deployment {
        devices = List.copyOf(devices);
    }

    /**
     * Returns this deployment with another schedule.
     *
     * @param schedule wire format and collective of each exchange
     */
    public Deployment withSchedule(CommSchedule schedule) {
        return new Deployment(model, plan, devices, options.withSchedule(schedule), exchange);
    }
}
