package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.interconnect.transport.InProcessGroup;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The all-gather of ranks that read each other's memory. */
@Timeout(120)
class PeerPortTest {
    private static final Duration NEVER = Duration.ofDays(1);
    private static final int COLUMNS = 65;
    private static final int ROWS = 3;
    private static final int EXCHANGES = 40;

    /** Memory of all ranks' encoded partials: two buffers per rank, used alternately. */
    private static final class SharedMemory {
        private final MemorySegment[][] encoded;

        SharedMemory(int ranks, Wire wire) {
            encoded = new MemorySegment[2][ranks];
            for (MemorySegment[] buffers : encoded) {
                Arrays.setAll(
                        buffers, rank -> Arena.ofAuto().allocate(wire.format().encodedBytes(ROWS, COLUMNS)));
            }
        }

        MemorySegment[] of(int exchange, WireFormat format, int rows) {
            return Arrays.stream(encoded[exchange % 2])
                    .map(buffer -> buffer.asSlice(0, format.encodedBytes(rows, COLUMNS)))
                    .toArray(MemorySegment[]::new);
        }
    }

    /** A rank that has encoded its partial into the shared memory. */
    private record SharedPort(StagedPort host, SharedMemory memory, int exchange) implements PeerPort {
        static SharedPort encoded(StagedPort host, SharedMemory memory, int exchange, int rank, int rows) {
            Tile whole = new Tile(0, rows, 0, COLUMNS);
            host.encode(whole, memory.of(exchange, host.format(), rows)[rank]);
            return new SharedPort(host, memory, exchange);
        }

        @Override
        public void fetchSum(int rows) {
            host.decodeSum(memory.of(exchange, format(), rows), new Tile(0, rows, 0, COLUMNS));
        }

        @Override
        public WireFormat format() {
            return host.format();
        }

        @Override
        public void addOwn(int rows) {
            host.addOwn(rows);
        }
    }

    private static AllGather allGather(Member member, Wire wire) {
        ExchangeShape shape = new ExchangeShape(ROWS, COLUMNS, 1);
        return new AllGather(member.exchange(), wire.format(), member.counters(), shape, member.arena());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void isBitEqualToTheReferenceOnEveryRank(int ranks) throws InterruptedException {
        for (Wire wire : List.of(Wire.F32, Wire.E2M1)) {
            SharedMemory memory = new SharedMemory(ranks, wire);
            Member.run(InProcessGroup.create(ranks, NEVER), member -> {
                AllGather collective = allGather(member, wire);
                float[] expected = Floats.random(7, ROWS * COLUMNS);
                MemorySegment residual = Floats.segment(expected);
                for (int exchange = 0; exchange < EXCHANGES; exchange++) {
                    float[][] partials = CollectiveContractTest.partials(ranks, exchange, ROWS * COLUMNS);
                    expected = ReferenceSums.add(ReferenceSums.sum(wire.format(), partials, COLUMNS), expected);
                    MemorySegment partial = Floats.segment(partials[member.rank()]);
                    StagedPort host = member.port(wire.format(), COLUMNS, partial, residual);
                    collective.sum(exchange, SharedPort.encoded(host, memory, exchange, member.rank(), ROWS), ROWS);
                    Floats.assertSame(residual, expected, "rank " + member.rank() + ", exchange " + exchange);
                }
                long messages = (ranks - 1L) * EXCHANGES;
                long bytes = messages * wire.frameBytes(ROWS, COLUMNS);
                assertThat(member.counters().snapshot().total()).isEqualTo(new Traffic(bytes, bytes, messages));
            });
        }
    }

    @Test
    void differingExchangesAreRefused() throws InterruptedException {
        assertRefused(2, ROWS, true, "layer");
        assertRefused(1, ROWS - 1, true, "rows");
    }

    @Test
    void aPartialThatArrivesAsAFrameIsRefused() throws InterruptedException {
        assertRefused(1, ROWS, false, "bytes");
    }

    @Test
    void twoStepRefusesPeerPortsBeforeSending() throws InterruptedException {
        int ranks = 2;
        SharedMemory memory = new SharedMemory(ranks, Wire.F32);
        Member.run(InProcessGroup.create(ranks, NEVER), member -> {
            MemorySegment zeros = Floats.segment(new float[ROWS * COLUMNS]);
            StagedPort host = member.port(Wire.F32.format(), COLUMNS, zeros, Floats.segment(new float[ROWS * COLUMNS]));
            SharedPort port = SharedPort.encoded(host, memory, 0, member.rank(), ROWS);
            ExchangeShape shape = new ExchangeShape(ROWS, COLUMNS, ROWS);
            TwoStep twoStep =
                    new TwoStep(member.exchange(), Wire.F32.format(), member.counters(), shape, member.arena());
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> twoStep.sum(0, port, ROWS))
                    .withMessageContaining("rank " + member.rank());
            assertThat(member.counters().snapshot()).isEqualTo(ExchangeCounters.Snapshot.ZERO);
        });
    }

    private static void assertRefused(int exchange, int rows, boolean peer, String sentence)
            throws InterruptedException {
        int ranks = 2;
        SharedMemory memory = new SharedMemory(ranks, Wire.E2M1);
        List<@Nullable Throwable> failures = Member.failures(InProcessGroup.create(ranks, NEVER), member -> {
            MemorySegment zeros = Floats.segment(new float[ROWS * COLUMNS]);
            MemorySegment residual = Floats.segment(new float[ROWS * COLUMNS]);
            StagedPort host = member.port(Wire.E2M1.format(), COLUMNS, zeros, residual);
            boolean odd = member.rank() == 1;
            int ownRows = odd ? rows : ROWS;
            PartialPort port = odd && !peer ? host : SharedPort.encoded(host, memory, 0, member.rank(), ownRows);
            allGather(member, Wire.E2M1).sum(odd ? exchange : 1, port, ownRows);
        });
        assertThat(failures)
                .anySatisfy(failure -> assertThat(failure)
                        .isInstanceOf(InterconnectException.class)
                        .hasMessageContaining(sentence));
        assertThat(Objects.requireNonNull(failures.getFirst())).isInstanceOf(InterconnectException.class);
    }
}
