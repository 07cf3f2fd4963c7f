package dev.waterspout.interconnect.transport;

import static dev.waterspout.interconnect.testing.RankThreads.assertRefused;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.interconnect.testing.RankThreads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class InProcessGroupTest extends TransportContractTest {
    @Override
    List<Transport> group(int size, Duration timeout) {
        return InProcessGroup.create(size, timeout);
    }

    @Test
    void refusesAGroupWithoutRanksOrTime() {
        for (int size : new int[] {0, -1}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> InProcessGroup.create(size, NEVER))
                    .withMessageContaining("group of " + size + " ranks");
        }
        for (Duration timeout : List.of(Duration.ZERO, Duration.ofNanos(-1), Duration.ofDays(365_000))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> InProcessGroup.create(2, timeout))
                    .withMessageContaining("timeout " + timeout);
        }
    }

    /** The contract test cannot know how a rank waits: here they are parked for certain when the last one fails. */
    @ParameterizedTest
    @MethodSource("endings")
    void wakesRanksThatAreParked(Consumer<Transport> ending) throws InterruptedException {
        List<Transport> ranks = group(3, NEVER);
        RankThreads threads = RankThreads.start(ranks.subList(0, 2), transport -> {
            MemorySegment[] received = new MemorySegment[3];
            for (int peer = 0; peer < received.length; peer++) {
                received[peer] = Arena.ofAuto().allocate(48);
            }
            transport.allGather(Arena.ofAuto().allocate(48), received);
        });
        for (int rank = 0; rank < 2; rank++) {
            while (threads.thread(rank).getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
        }
        ending.accept(ranks.getLast());
        for (@Nullable Throwable failure : threads.failures()) {
            assertRefused(failure, "rank 2");
        }
    }

    static Stream<Named<Consumer<Transport>>> endings() {
        return Stream.of(
                Named.of("abort", transport -> transport.abort(new IllegalStateException("boom"))),
                Named.of("close", Transport::close));
    }
}
