package dev.waterspout.engine.lab.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class KnapsackTest {
    private static final WireFormat THREE = WireFormat.parse("int3");
    private static final WireFormat FOUR = WireFormat.parse("e2m1");
    private static final WireFormat EIGHT = WireFormat.parse("e4m3");

    /** The second exchange is ten times as sensitive as the first, the third a tenth. */
    private static Knapsack knapsack() {
        return new Knapsack(List.of(THREE, FOUR, EIGHT), new double[] {3.25, 4.25, 8.25}, new double[][] {
            {4, 40, 0.4}, {1, 10, 0.1}, {0.01, 0.1, 0.001}
        });
    }

    @Test
    void spendsTheErrorBudgetWhereItSavesMostBits() {
        assertThat(knapsack().fill(0)).containsExactly(EIGHT, EIGHT, EIGHT);
        assertThat(knapsack().fill(0.25)).containsExactly(EIGHT, EIGHT, FOUR);
        assertThat(knapsack().fill(2)).containsExactly(FOUR, EIGHT, THREE);
        assertThat(knapsack().fill(12)).containsExactly(FOUR, FOUR, THREE);
        assertThat(knapsack().fill(1000)).containsExactly(THREE, THREE, THREE);
    }

    @Test
    void neverExceedsTheErrorBudget() {
        for (double allowed : new double[] {0.2, 0.6, 1.3, 4.6, 15}) {
            List<WireFormat> formats = knapsack().fill(allowed);
            double[][] added = {{4, 40, 0.4}, {1, 10, 0.1}, {0.01, 0.1, 0.001}};
            double total = 0;
            for (int exchange = 0; exchange < 3; exchange++) {
                total += added[List.of(THREE, FOUR, EIGHT).indexOf(formats.get(exchange))][exchange];
            }
            assertThat(total).isLessThanOrEqualTo(allowed);
        }
    }
}
