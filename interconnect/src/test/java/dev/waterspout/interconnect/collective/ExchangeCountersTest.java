package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.collective.ExchangeCounters.Snapshot;
import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import org.junit.jupiter.api.Test;

class ExchangeCountersTest {
    private static final Snapshot FIRST = new Snapshot(1, 20, 300, new Traffic(4, 50, 6), new Traffic(700, 8, 9));
    private static final Snapshot SECOND = new Snapshot(5, 60, 700, new Traffic(8, 90, 1), new Traffic(200, 3, 4));

    @Test
    void addsAndSubtractsEveryField() {
        Snapshot sum = new Snapshot(6, 80, 1000, new Traffic(12, 140, 7), new Traffic(900, 11, 13));
        assertThat(FIRST.plus(SECOND)).isEqualTo(sum);
        assertThat(sum.minus(SECOND)).isEqualTo(FIRST);
    }

    @Test
    void accumulatesFromZero() {
        ExchangeCounters counters = new ExchangeCounters();
        assertThat(counters.snapshot()).isEqualTo(Snapshot.ZERO);
        counters.add(FIRST);
        Snapshot between = counters.snapshot();
        counters.add(SECOND);
        assertThat(between).isEqualTo(FIRST);
        assertThat(counters.snapshot().minus(between)).isEqualTo(SECOND);
    }

    @Test
    void sumsBothKindsOfTraffic() {
        assertThat(FIRST.nanos()).isEqualTo(321);
        assertThat(FIRST.bytesSent()).isEqualTo(704);
        assertThat(FIRST.bytesReceived()).isEqualTo(58);
        assertThat(FIRST.messagesSent()).isEqualTo(15);
    }
}
