package dev.waterspout.kernels.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairwiseTest {
    @Test
    void everyPairIsInACombinationAndFewCombinationsAreNeeded() {
        int[] sizes = {16, 5, 4, 2, 4};
        List<int[]> combinations = Pairwise.of(sizes);
        // No fewer than the two largest axes have pairs.
        assertThat(combinations).hasSizeBetween(16 * 5, 16 * 5 * 3 / 2);
        for (int a = 0; a < sizes.length; a++) {
            for (int b = a + 1; b < sizes.length; b++) {
                int left = a;
                int right = b;
                long distinct = combinations.stream()
                        .map(each -> List.of(each[left], each[right]))
                        .distinct()
                        .count();
                assertThat(distinct).isEqualTo((long) sizes[a] * sizes[b]);
            }
        }
    }

    @Test
    void choosesTheSameEveryTime() {
        assertThat(Arrays.deepToString(Pairwise.of(3, 4, 2).toArray()))
                .isEqualTo(Arrays.deepToString(Pairwise.of(3, 4, 2).toArray()));
    }
}
