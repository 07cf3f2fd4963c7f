package dev.waterspout.interconnect.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DefaultScheduleTest {
    private static final int COLUMNS = 2048;
    private static final double GIGABIT = 125e6;

    private static CommSchedule schedule(String format, int ranks, LinkCost link) {
        return DefaultSchedule.of(WireFormat.parse(format), Optional.empty(), ranks, COLUMNS, link);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "e2m1:32:e8m0"})
    void itUsesTheCollectiveOfTheUncompressedAllReduce(String format) {
        for (int ranks = 2; ranks <= 8; ranks++) {
            CommSettings settings = CommSettings.of(List.of(WireFormat.parse(format)), 512, COLUMNS);
            CommChoice choice = schedule(format, ranks, LinkCost.NONE).choice(512);
            assertThat(choice.algorithm())
                    .isEqualTo(settings.plainAlgorithm(ranks))
                    .isEqualTo(ranks == 2 ? Algorithm.ALLGATHER : Algorithm.TWOSTEP);
            assertThat(choice.chunkRows()).as("in shared memory").isEqualTo(CommChoice.UNCUT);
        }
    }

    /** 1088 bytes a row in e2m1:32:e8m0; 4096 in bf16. */
    @ParameterizedTest
    @CsvSource({
        "0.1, e2m1:32:e8m0, 60",
        "1, e2m1:32:e8m0, 60",
        "2.5, e2m1:32:e8m0, 150",
        "10, e2m1:32:e8m0, 602",
        "1, bf16, 64",
        "2.5, bf16, 160"
    })
    void chunksFollowTheBandwidth(double gigabits, String format, int rows) {
        LinkCost link = new LinkCost(30e-6, gigabits * GIGABIT);
        assertThat(schedule(format, 2, link).choice(4096).chunkRows()).isEqualTo(rows);
    }

    @ParameterizedTest
    @CsvSource({"0.1, 3", "1, 3", "10, 34"}) // a row saves 1632 bytes: 4096 bytes are 2 rows
    void smallMessagesUseOneStep(double gigabits, int notAnyMore) {
        LinkCost link = new LinkCost(30e-6, gigabits * GIGABIT);
        CommSchedule four = schedule("e2m1:32:e8m0", 4, link);
        assertThat(four.choice(1).algorithm()).isEqualTo(Algorithm.ALLGATHER);
        assertThat(four.choice(notAnyMore).algorithm()).isEqualTo(Algorithm.TWOSTEP);
    }
}
