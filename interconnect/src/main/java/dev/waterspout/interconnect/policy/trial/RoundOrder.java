package dev.waterspout.interconnect.policy.trial;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The order of exchanges in each round: different in each round, and the same on all ranks. */
public final class RoundOrder {
    private static final long SEED = 1;

    private final Random random = new Random(SEED);

    /** {@return the numbers below the count, in the next order} */
    public List<Integer> next(int count) {
        List<Integer> order = IntStream.range(0, count).boxed().collect(Collectors.toCollection(ArrayList::new));
        Collections.shuffle(order, random);
        return order;
    }
}
