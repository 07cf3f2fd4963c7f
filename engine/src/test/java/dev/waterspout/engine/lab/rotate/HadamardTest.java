package dev.waterspout.engine.lab.rotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HadamardTest {
    /**
     * Orders of every construction: powers of two, Paley I (12, 20, 24, 44, 60), Paley II (28, 36), and products of
     * both kinds.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 12, 20, 24, 28, 36, 44, 60, 64, 96, 104, 224, 256, 288, 768})
    void rowsAreOrthogonalSigns(int n) {
        int[][] matrix = Hadamard.of(n);
        assertThat(matrix).hasDimensions(n, n);
        for (int i = 0; i < n; i++) {
            assertThat(Arrays.stream(matrix[i]).map(Math::abs).distinct().toArray())
                    .containsExactly(1);
            for (int j = 0; j <= i; j++) {
                int product = 0;
                for (int k = 0; k < n; k++) {
                    product += matrix[i][k] * matrix[j][k];
                }
                if (product != (i == j ? n : 0)) {
                    fail("rows %d and %d of order %d have the product %d", i, j, n, product);
                }
            }
        }
    }

    @Test
    void signsAreRandomAndTheSameForASeed() {
        double[][] first = Hadamard.randomized(12, 1);
        assertThat(Hadamard.randomized(12, 1)).isDeepEqualTo(first);
        assertThat(Hadamard.randomized(12, 2)[0]).isNotEqualTo(first[0]);
        assertThat(first[3][5]).isCloseTo(Math.signum(first[3][5]) / Math.sqrt(12), within(1e-15));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 6, 52, 92, 250})
    void refusesOtherOrdersAndNamesTheNearestOnes(int n) {
        assertThatThrownBy(() -> Hadamard.of(n))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching(
                        "no Hadamard matrix of order " + n + " can be made; near it are orders \\[\\d+, \\d+]");
    }
}
