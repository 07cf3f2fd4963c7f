package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TileTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 32",
        "1, 2048, 4, 32",
        "5, 1021, 4, 128",
        "512, 2048, 3, 32",
        "512, 33, 16, 32",
        "16, 100, 16, 8",
        "17, 4096, 16, 256",
        "7, 64, 2, 32",
        "3, 2048, 7, 1"
    })
    void coversEveryElementOnceInWholeUnits(int rows, int columns, int ranks, int unit) {
        int[][] owners = new int[rows][columns];
        Tile whole = new Tile(10, rows, 20, columns);
        Tile[] parts = whole.split(ranks, unit);
        assertThat(parts).hasSize(ranks);
        for (Tile part : parts) {
            assertThat((part.column() - 20) % unit == 0 || part.isEmpty()).isTrue();
            for (int row = part.row(); row < part.row() + part.rows(); row++) {
                for (int column = part.column(); column < part.column() + part.columns(); column++) {
                    owners[row - 10][column - 20]++;
                }
            }
        }
        assertThat(owners).isDeepEqualTo(ones(rows, columns));
    }

    private static int[][] ones(int rows, int columns) {
        int[][] ones = new int[rows][columns];
        for (int[] row : ones) {
            java.util.Arrays.fill(row, 1);
        }
        return ones;
    }

    @ParameterizedTest
    @CsvSource({
        "512, 2048, 4, 32",
        "1, 2048, 4, 32",
        "6, 2048, 4, 32",
        "13, 2048, 3, 32",
        "14, 2048, 4, 32",
        "100, 512, 7, 8"
    })
    void sharesAreEvenToATenth(int rows, int columns, int ranks, int unit) {
        long fair = (long) rows * columns / ranks;
        for (Tile part : new Tile(0, rows, 0, columns).split(ranks, unit)) {
            assertThat((long) part.rows() * part.columns()).isBetween(fair * 9 / 10, fair * 11 / 10);
        }
    }
}
