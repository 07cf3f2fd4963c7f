package dev.waterspout.interconnect.mpi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BackOffTest {
    /** Idle ranks of a server poll 250 times per second; ranks that wait for a computation poll 10,000 times. */
    @Test
    void sleepsAreLongerAfterASecondWithoutAMessage() {
        assertThat(BackOff.sleepNanos(BackOff.LONG)).isEqualTo(100_000);
        assertThat(BackOff.sleepNanos(999_999_999)).isEqualTo(100_000);
        assertThat(BackOff.sleepNanos(1_000_000_000)).isEqualTo(4_000_000);
        assertThat(BackOff.sleepNanos(Long.MAX_VALUE)).isEqualTo(4_000_000);
    }
}
