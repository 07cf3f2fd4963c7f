package dev.waterspout.engine.api;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;

/**
 * Options of a running model.
 *
 * @param ranks number, devices and shares of the ranks
 * @param exchange wire formats, collective and time limit of the exchange
 * @param host threads and precision of the ranks on this machine
 * @param context size, type and sequences of the KV cache
 */
public record Options(Ranks ranks, Exchange exchange, Host host, Context context) {
    /** One rank on the default device, {@link Exchange#DEFAULT}, all cores, the model's context length. */
    public static final Options DEFAULT = new Options(Ranks.DEFAULT, Exchange.DEFAULT, Host.DEFAULT, Context.DEFAULT);

    /**
     * Returns these options with other ranks.
     *
     * @param other number, devices and shares of the ranks
     */
    public Options withRanks(Ranks other) {
        return new Options(other, exchange, host, context);
    }

    /**
     * Returns these options with another exchange.
     *
     * @param other wire formats, collective and time limit of the exchange
     */
    public Options withExchange(Exchange other) {
        return new Options(ranks, other, host, context);
    }

    /**
     * Returns these options with other options of the host.
     *
     * @param other threads and precision of the ranks on this machine
     */
    public Options withHost(Host other) {
        return new Options(ranks, exchange, other, context);
    }

    /**
     * Returns these options with another context.
     *
     * @param other size, type and sequences of the KV cache
     */
    public Options withContext(Context other) {
        return new Options(ranks, exchange, host, other);
    }

    /**
     * Returns the plan of a model.
     *
     * @param model the model to divide
     * @param number number of ranks
     */
    public ShardPlan plan(Model model, int number) {
        return ShardPlan.of(model, number, ranks.split());
    }
}
