package dev.waterspout.interconnect.collective;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.collective.ExchangeCounters.Snapshot;
import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExchangeCountersTest {
    private static final Snapshot FIRST = new Snapshot(
            1,
            20,
            300,
            Map.of(CollectiveKind.TWOSTEP, new Traffic(4, 50, 6), CollectiveKind.LOGITS, new Traffic(700, 8, 9)),
            2);
    private static final Snapshot SECOND = new Snapshot(
            5,
            60,
            700,
            Map.of(CollectiveKind.TWOSTEP, new Traffic(8, 90, 1), CollectiveKind.CONTROL, new Traffic(2, 3, 4)),
            9);

    @Test
    void addsAndSubtractsEveryField() {
        Snapshot sum = new Snapshot(
                6,
                80,
                1000,
                Map.of(
                        CollectiveKind.TWOSTEP,
                        new Traffic(12, 140, 7),
                        CollectiveKind.LOGITS,
                        new Traffic(700, 8, 9),
                        CollectiveKind.CONTROL,
                        new Traffic(2, 3, 4)),
                11);
        assertThat(FIRST.plus(SECOND)).isEqualTo(sum);
        assertThat(sum.minus(SECOND)).isEqualTo(FIRST);
    }

    @Test
    void accumulatesFromZero() {
        ExchangeCounters counters = new ExchangeCounters();
        assertThat(counters.snapshot()).isEqualTo(Snapshot.ZERO);
        add(counters, FIRST);
        Snapshot between = counters.snapshot();
        add(counters, SECOND);
        assertThat(between).isEqualTo(FIRST);
        assertThat(counters.snapshot().minus(between)).isEqualTo(SECOND);
        assertThat(counters.nanos()).isEqualTo(FIRST.nanos() + SECOND.nanos());
    }

    private static void add(ExchangeCounters counters, Snapshot spent) {
        counters.addTimes(spent.quantizeNanos(), spent.transferNanos(), spent.sumNanos());
        spent.traffic().forEach(counters::addTraffic);
        counters.addSaturated(spent.saturated());
    }

    @Test
    void sumsAllKindsOfTraffic() {
        assertThat(FIRST.nanos()).isEqualTo(321);
        assertThat(FIRST.total()).isEqualTo(new Traffic(704, 58, 15));
    }
}
