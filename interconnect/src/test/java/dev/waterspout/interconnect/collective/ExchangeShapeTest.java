package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExchangeShapeTest {
    @ParameterizedTest
    @CsvSource({
        "128, 60, 1, 3",
        "128, 60, 4, 3",
        "128, 60, 3, 3",
        "128, 30, 4, 5",
        "512, 512, 4, 1",
        "3, 1, 4, 1",
        "5, 2, 4, 2",
        "7, 1, 1, 7"
    })
    void dividesAtMultiplesOfTheUnitIntoNearlyEqualChunks(int rows, int chunkRows, int unit, int count) {
        Tile[] chunks = new ExchangeShape(rows, 64, chunkRows).chunks(0, rows, unit);
        assertThat(chunks).hasSize(count);
        int next = 0;
        for (Tile chunk : chunks) {
            assertThat(chunk.row()).isEqualTo(next).matches(row -> row % unit == 0, "a multiple of " + unit);
            assertThat(chunk.column()).isZero();
            assertThat(chunk.columns()).isEqualTo(64);
            next += chunk.rows();
        }
        assertThat(next).isEqualTo(rows);
        int[] sizes = Arrays.stream(chunks).mapToInt(Tile::rows).sorted().toArray();
        // The last chunk may be shorter, if the rows are not a multiple of the unit.
        assertThat(sizes[count - 1] - sizes[0]).isLessThan(2 * unit);
    }
}
