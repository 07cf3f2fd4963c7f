package dev.waterspout.benchmarks.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The arrival times and lengths of requests: a Poisson process, and lognormal distributions of lengths. The same seed
 * gives the same plan.
 *
 * @param requests requests in the order of their arrival
 */
record LoadPlan(List<Arrival> requests) {
    /** Standard deviation of the logarithm of lengths, about that of measured conversations. */
    private static final double SPREAD = 0.6;

    /** Copies the list. */
    LoadPlan {
        requests = List.copyOf(requests);
    }

    /**
     * A request.
     *
     * @param seconds seconds after the start of the plan
     * @param promptTokens approximate number of tokens of the prompt
     * @param replyTokens largest number of tokens of the reply
     */
    record Arrival(double seconds, int promptTokens, int replyTokens) {}

    /**
     * The parameters of a plan.
     *
     * @param requests number of requests
     * @param rate rate of arrivals per second
     * @param promptTokens median of the prompts
     * @param replyTokens median of the replies
     * @param mostMedians largest length of a prompt and of a reply, as a multiple of its median
     * @param seed seed of the random numbers
     */
    record Shape(int requests, double rate, int promptTokens, int replyTokens, double mostMedians, long seed) {
        /** Checks the ranges. */
        Shape {
            if (requests < 1 || !(rate > 0) || promptTokens < 1 || replyTokens < 1 || !(mostMedians >= 1)) {
                throw new IllegalArgumentException("load of " + requests + " requests at " + rate + " per second with "
                        + promptTokens + " and " + replyTokens + " tokens, at most " + mostMedians + " times as many"
                        + "; all of them must be above 0, and the last at least 1");
            }
        }

        /**
         * Returns these parameters with another seed.
         *
         * @param another seed of the random numbers
         */
        Shape withSeed(long another) {
            return new Shape(requests, rate, promptTokens, replyTokens, mostMedians, another);
        }
    }

    static LoadPlan of(Shape shape) {
        SplittableRandom random = new SplittableRandom(shape.seed());
        List<Arrival> arrivals = new ArrayList<>();
        double now = 0;
        for (int i = 0; i < shape.requests(); i++) {
            now += -Math.log(1 - random.nextDouble()) / shape.rate();
            arrivals.add(new Arrival(
                    now,
                    length(random, shape.promptTokens(), shape.mostMedians()),
                    length(random, shape.replyTokens(), shape.mostMedians())));
        }
        return new LoadPlan(arrivals);
    }

    private static int length(SplittableRandom random, int median, double mostMedians) {
        double medians = Math.min(mostMedians, Math.exp(SPREAD * random.nextGaussian()));
        return Math.toIntExact(Math.max(1, (long) (median * medians)));
    }
}
