package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.kernels.codec.PlainFormat;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What it shares with the compressed collectives is their contract's; here is what it chooses. */
@Timeout(120)
class PlainTest {
    private static final int ROWS = 8;
    private static final int COLUMNS = 96;

    @ParameterizedTest
    @EnumSource(PlainFormat.class)
    void takesTheFewestBytes(PlainFormat format) throws InterruptedException {
        for (int ranks : new int[] {1, 2, 4, 8}) {
            long payload = format.encodedBytes(ROWS, COLUMNS);
            Traffic expected = switch (ranks) {
                case 1 -> Traffic.ZERO;
                case 2 -> new Traffic(48 + payload, 48 + payload, 1);
                default -> {
                    long bytes = 2L * (ranks - 1) * (48 + payload / ranks);
                    yield new Traffic(bytes, bytes, 2L * (ranks - 1));
                }
            };
            float[][] partials = CollectiveContractTest.partials(ranks, 3, ROWS * COLUMNS);
            float[] sum = ReferenceSums.sum(format, partials, COLUMNS);
            float[] expectedSum = ranks > 2 ? ReferenceSums.travel(format, sum, COLUMNS) : sum;
            Member.run(InProcessGroup.create(ranks, Duration.ofDays(1)), member -> {
                MemorySegment residual = Floats.segment(new float[ROWS * COLUMNS]);
                MemorySegment partial = Floats.segment(partials[member.rank()]);
                new Plain(
                                member.exchange(),
                                format,
                                member.counters(),
                                new ExchangeShape(ROWS, COLUMNS, ROWS),
                                member.arena())
                        .sum(0, member.port(format, COLUMNS, partial, residual), ROWS);
                assertThat(member.counters().snapshot().total()).isEqualTo(expected);
                Floats.assertSame(residual, ReferenceSums.add(expectedSum.clone(), new float[ROWS * COLUMNS]), "sum");
            });
        }
    }
}
