package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.transport.InProcessGroup;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ControlChannelTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @Test
    void broadcastsTheRootsWords() throws InterruptedException {
        Member.run(InProcessGroup.create(3, LONG), member -> {
            ControlChannel control = new ControlChannel(member.exchange(), member.counters());
            if (member.rank() == ControlChannel.ROOT) {
                control.send(new int[] {1, -2});
            } else {
                assertThat(control.receive(2)).containsExactly(1, -2);
            }
        });
    }

    @Test
    void gathersTheWordsOfAllRanksOnEveryRank() throws InterruptedException {
        Member.run(InProcessGroup.create(3, LONG), member -> {
            ControlChannel control = new ControlChannel(member.exchange(), member.counters());
            for (int round = 0; round < 100; round++) {
                assertThat(control.share(new int[] {member.rank(), round}))
                        .isDeepEqualTo(new int[][] {{0, round}, {1, round}, {2, round}});
            }
        });
    }
}
