package dev.waterspout.kernels.testing;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;

/**
 * Chooses few combinations of values of several axes, such that every pair of values of two axes is in one of them
 * (pairwise testing; K. C. Tai and Y. Lei, "A test generation strategy for pairwise testing", 2002). Faults that depend
 * on the values of one or two axes are found as in the whole product; tests of the whole product have the tag
 * {@link #EXHAUSTIVE}.
 */
public final class Pairwise {
    /** Tag of tests that {@code mvn verify} leaves to the profile {@code exhaustive}. */
    public static final String EXHAUSTIVE = "exhaustive";

    private static final int CANDIDATES = 200;

    private Pairwise() {}

    /**
     * Returns combinations that cover all pairs. The same sizes give the same combinations.
     *
     * @param sizes number of values of each axis, two axes or more
     * @return index of a value per axis
     */
    public static List<int[]> of(int... sizes) {
        int[] first = new int[sizes.length + 1];
        for (int axis = 0; axis < sizes.length; axis++) {
            first[axis + 1] = first[axis] + sizes[axis];
        }
        int values = first[sizes.length];
        BitSet missing = new BitSet(values * values);
        for (int a = 0; a < sizes.length; a++) {
            for (int b = a + 1; b < sizes.length; b++) {
                for (int i = first[a]; i < first[a + 1]; i++) {
                    missing.set(i * values + first[b], i * values + first[b + 1]);
                }
            }
        }
        Random random = new Random(1);
        List<int[]> chosen = new ArrayList<>();
        while (!missing.isEmpty()) {
            int[] best = candidate(random, sizes, first, missing.nextSetBit(0), values);
            for (int i = 1; i < CANDIDATES; i++) {
                int[] other = candidate(random, sizes, first, missing.nextSetBit(0), values);
                best = pairs(other, first, values, missing).cardinality()
                                > pairs(best, first, values, missing).cardinality()
                        ? other
                        : best;
            }
            missing.andNot(pairs(best, first, values, missing));
            chosen.add(best);
        }
        return chosen;
    }

    /** Returns a random combination that has one given pair. */
    private static int[] candidate(Random random, int[] sizes, int[] first, int pair, int values) {
        int[] combination = new int[sizes.length];
        for (int axis = 0; axis < sizes.length; axis++) {
            combination[axis] = random.nextInt(sizes[axis]);
            for (int value : new int[] {pair / values, pair % values}) {
                if (value >= first[axis] && value < first[axis + 1]) {
                    combination[axis] = value - first[axis];
                }
            }
        }
        return combination;
    }

    /** Returns which missing pairs a combination has. */
    private static BitSet pairs(int[] combination, int[] first, int values, BitSet missing) {
        BitSet found = new BitSet();
        for (int a = 0; a < combination.length; a++) {
            for (int b = a + 1; b < combination.length; b++) {
                int pair = (first[a] + combination[a]) * values + first[b] + combination[b];
                if (missing.get(pair)) {
                    found.set(pair);
                }
            }
        }
        return found;
    }
}
