package dev.waterspout.engine.api;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;

/**
 * How a model is to run.
 *
 * @param ranks how it is divided, and over what
 * @param exchange what ranks send each other
 * @param host how the ranks of this machine compute
 * @param context what the model remembers
 */
public record Options(Ranks ranks, Exchange exchange, Host host, Context context) {
    /** One rank on the default device, {@link Exchange#DEFAULT}, all cores, the model's context length. */
    public static final Options DEFAULT = new Options(Ranks.DEFAULT, Exchange.DEFAULT, Host.DEFAULT, Context.DEFAULT);

    /**
     * Returns these options with other ranks.
     *
     * @param other how the model is divided
     */
    public Options withRanks(Ranks other) {
        return new Options(other, exchange, host, context);
    }

    /**
     * Returns these options with another exchange.
     *
     * @param other what ranks send each other
     */
    public Options withExchange(Exchange other) {
        return new Options(ranks, other, host, context);
    }

    /**
     * Returns these options with another use of the host.
     *
     * @param other how the ranks of this machine compute
     */
    public Options withHost(Host other) {
        return new Options(ranks, exchange, other, context);
    }

    /**
     * Returns these options with another context.
     *
     * @param other what the model remembers
     */
    public Options withContext(Context other) {
        return new Options(ranks, exchange, host, other);
    }

    /**
     * Divides a model.
     *
     * @param model what is divided
     * @param number of ranks
     */
    public ShardPlan plan(Model model, int number) {
        return ShardPlan.of(model, number, ranks.split());
    }
}
