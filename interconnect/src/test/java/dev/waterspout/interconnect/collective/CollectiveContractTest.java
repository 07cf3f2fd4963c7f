package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.testing.Pairwise;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract of every collective. */
@Timeout(120)
abstract class CollectiveContractTest {
    private static final Duration NEVER = Duration.ofDays(1);
    private static final List<Integer> RANKS = List.of(1, 2, 3, 4, 8, 16);
    private static final List<Wire> WIRES = List.of(Wire.F32, Wire.BF16, Wire.E2M1, Wire.E4M3, Wire.INT8);
    private static final List<Integer> WIDTHS = List.of(32, 33, 172, 256, 1021);
    private static final int MAX_ROWS = 5;

    /** Makes the collective of one rank. */
    abstract Collective collective(Member member, WireFormat format, int maxRows, int columns);

    /** {@return the next residual, computed with scalar code; partials[rank] is the partial of a rank} */
    abstract float[] reference(WireFormat format, float[][] partials, int columns, float[] residual);

    /** {@return the expected traffic of one rank for one partial} */
    abstract Traffic traffic(Wire wire, int rank, int ranks, int rows, int columns);

    /** {@return the kind under which its traffic is counted} */
    abstract CollectiveKind kind();

    /** {@return the sequence numbers that a partial of one or two rows uses} */
    abstract int sequenceStep();

    static Stream<Arguments> pairs() {
        return Pairwise.of(RANKS.size(), WIRES.size(), WIDTHS.size()).stream()
                .map(each -> Arguments.of(RANKS.get(each[0]), WIRES.get(each[1]), WIDTHS.get(each[2])));
    }

    static Stream<Arguments> ranksAndWires() {
        return RANKS.stream().flatMap(ranks -> WIRES.stream().map(wire -> Arguments.of(ranks, wire)));
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("ranksAndWires")
    void sumsAndCountsAtEveryWidth(int ranks, Wire wire) throws InterruptedException {
        for (int columns : WIDTHS) {
            isBitEqualToTheReferenceOnEveryRank(ranks, wire, columns);
            countsItsExchanges(ranks, wire, columns);
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void isBitEqualToTheReferenceOnEveryRank(int ranks, Wire wire, int columns) throws InterruptedException {
        List<Transport> group = InProcessGroup.create(ranks, NEVER);
        Member.run(group, member -> {
            Collective collective = collective(member, wire.format(), MAX_ROWS, columns);
            float[] expected = Floats.random(columns, MAX_ROWS * columns);
            MemorySegment residual = Floats.segment(expected);
            int exchange = 0;
            for (int rows : new int[] {1, MAX_ROWS, 1, MAX_ROWS}) {
                float[][] partials = partials(ranks, exchange, rows * columns);
                float[] before = Arrays.copyOf(expected, rows * columns);
                float[] after = reference(wire.format(), partials, columns, before);
                System.arraycopy(after, 0, expected, 0, after.length); // further rows are unchanged
                MemorySegment partial = Floats.segment(partials[member.rank()]);
                collective.sum(exchange, member.port(wire.format(), columns, partial, residual), rows);
                String what = "rank " + member.rank() + ", " + rows + " x " + columns;
                Floats.assertSame(residual, expected, what);
                Floats.assertSame(partial, partials[member.rank()], what + ", own partial");
                exchange++;
            }
        });
    }

    /**
     * Rows in parts, each with its own collective: messages of one part are outstanding while other parts are summed.
     */
    @ParameterizedTest
    @MethodSource("pairs")
    void overlappingPartsAreBitEqualToTheWhole(int ranks, Wire wire, int columns) throws InterruptedException {
        Member.run(InProcessGroup.create(ranks, NEVER), member -> {
            int steps = collective(member, wire.format(), 1, columns).steps();
            int parts = steps + 1;
            int rows = 2 * parts - 1; // the last part is shorter
            List<Collective> collectives = IntStream.range(0, parts)
                    .mapToObj(_ -> collective(member, wire.format(), 2, columns))
                    .toList();
            float[] expected = Floats.random(columns, rows * columns);
            MemorySegment residual = Floats.segment(expected);
            for (int exchange = 0; exchange < 3; exchange++) {
                float[][] partials = partials(ranks, exchange, rows * columns);
                expected = reference(wire.format(), partials, columns, expected);
                MemorySegment partial = Floats.segment(partials[member.rank()]);
                Deque<Collective.Sum> underWay = new ArrayDeque<>();
                for (int part = 0; part < parts; part++) {
                    long from = 2L * part * columns * Float.BYTES;
                    long bytes = Math.min(2, rows - 2 * part) * (long) columns * Float.BYTES;
                    StagedPort port = member.port(
                            wire.format(), columns, partial.asSlice(from, bytes), residual.asSlice(from, bytes));
                    Collective.Sum started = collectives.get(part).start(exchange, port, Math.min(2, rows - 2 * part));
                    member.exchange().poll();
                    int others = underWay.size();
                    for (int i = 0; i < others; i++) {
                        Collective.Sum oldest = underWay.removeFirst();
                        if (!oldest.advance()) {
                            underWay.addLast(oldest);
                        }
                    }
                    underWay.addLast(started);
                }
                underWay.forEach(Collective.Sum::complete);
                Floats.assertSame(residual, expected, "rank " + member.rank() + ", exchange " + exchange);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void countsItsExchanges(int ranks, Wire wire, int columns) throws InterruptedException {
        Member.run(InProcessGroup.create(ranks, NEVER), member -> {
            Collective collective = collective(member, wire.format(), MAX_ROWS, columns);
            MemorySegment zeros = Floats.segment(new float[MAX_ROWS * columns]);
            for (int rows = 1; rows <= MAX_ROWS; rows++) {
                ExchangeCounters.Snapshot before = member.counters().snapshot();
                MemorySegment residual = Floats.segment(new float[rows * columns]);
                collective.sum(rows, member.port(wire.format(), columns, zeros, residual), rows);
                ExchangeCounters.Snapshot spent = member.counters().snapshot().minus(before);
                assertThat(spent.total()).isEqualTo(traffic(wire, member.rank(), ranks, rows, columns));
                assertThat(spent.traffic().keySet()).isSubsetOf(kind());
                assertThat(spent.nanos()).isNotNegative();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void nanAndInfinityReachEveryRank(float poison) throws InterruptedException {
        int ranks = 3;
        int columns = 172;
        int at = 65;
        for (Wire wire : WIRES) {
            float[][] partials = partials(ranks, 1, 2 * columns);
            partials[1][at] = poison;
            partials[2][at + columns] = poison;
            partials[0][at + columns] = -poison; // the sum is NaN here
            float[] before = Floats.random(9, 2 * columns);
            float[] expected = reference(wire.format(), partials, columns, before);
            assertThat(expected[at])
                    .isNotEqualTo(0)
                    .satisfies(sum -> assertThat(Float.isFinite(sum)).isFalse());
            assertThat(expected[at + columns]).isNaN();
            boolean blocks = wire.block() > 1;
            assertThat(Float.isNaN(expected[at])).isEqualTo(blocks || Float.isNaN(poison));
            Member.run(InProcessGroup.create(ranks, NEVER), member -> {
                MemorySegment residual = Floats.segment(before);
                collective(member, wire.format(), 2, columns)
                        .sum(
                                0,
                                member.port(wire.format(), columns, Floats.segment(partials[member.rank()]), residual),
                                2);
                Floats.assertSame(residual, expected, wire + ", rank " + member.rank());
            });
        }
    }

    @Test
    void numbersItsFramesConsecutively() throws InterruptedException {
        List<RecordingTransport> group = InProcessGroup.create(3, NEVER).stream()
                .map(RecordingTransport::new)
                .toList();
        Member.run(List.copyOf(group), member -> {
            Collective first = collective(member, Wire.E2M1.format(), 2, 33);
            Collective second = collective(member, Wire.F32.format(), 1, 64);
            MemorySegment zeros = Floats.segment(new float[66]);
            for (int layer = 0; layer < 10; layer++) {
                first.sum(2 * layer, member.port(Wire.E2M1.format(), 33, zeros, Floats.segment(new float[66])), 2);
                second.sum(2 * layer + 1, member.port(Wire.F32.format(), 64, zeros, Floats.segment(new float[64])), 1);
            }
        });
        TreeSet<Long> all = new TreeSet<>();
        for (RecordingTransport rank : group) {
            assertThat(rank.sequences()).isSorted().doesNotHaveDuplicates();
            all.addAll(rank.sequences());
        }
        assertThat(all)
                .containsExactlyElementsOf(IntStream.range(0, 20 * sequenceStep())
                        .mapToObj(Long::valueOf)
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void refusesWrongArgumentsBeforeSending(int ranks) throws InterruptedException {
        Member.run(InProcessGroup.create(ranks, NEVER), member -> {
            Collective collective = collective(member, Wire.E2M1.format(), 2, 33);
            MemorySegment good = Floats.segment(new float[66]);
            MemorySegment small = good.asSlice(0, 66 * Float.BYTES - 1);
            for (int rows : new int[] {0, -1, 3, Integer.MAX_VALUE}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> collective.sum(0, member.port(Wire.E2M1.format(), 33, good, good), rows))
                        .withMessage(rows + " rows in an exchange; allowed are 1 to 2");
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> collective.sum(-1, member.port(Wire.E2M1.format(), 33, good, good), 1))
                    .withMessageContaining("exchange number -1");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> collective.sum(0, member.port(Wire.E2M1.format(), 33, small, good), 2))
                    .withMessageContaining("partial of 263 bytes");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> collective.sum(0, member.port(Wire.E2M1.format(), 33, good, small), 2))
                    .withMessageContaining("residual of 263 bytes");
            assertThat(member.counters().snapshot()).isEqualTo(ExchangeCounters.Snapshot.ZERO);
            collective.sum(0, member.port(Wire.E2M1.format(), 33, good, Floats.segment(new float[66])), 2);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -3})
    void refusesZeroRowsAndColumns(int none) throws InterruptedException {
        Member.run(InProcessGroup.create(2, NEVER), member -> {
            WireFormat format = Wire.E2M1.format();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> collective(member, format, none, 32))
                    .withMessageContaining(none + " rows");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> collective(member, format, 1, none))
                    .withMessageContaining(none + " columns");
        });
    }

    static float[][] partials(int ranks, int exchange, int count) {
        float[][] partials = new float[ranks][];
        Arrays.setAll(partials, rank -> Floats.random(exchange * 100L + rank, count));
        return partials;
    }
}
