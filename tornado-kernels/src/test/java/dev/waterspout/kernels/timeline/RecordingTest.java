package dev.waterspout.kernels.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class RecordingTest {
    private record Noted(Phase phase, String name, int number, long start, long nanos) {}

    private static List<Noted> read(Recording recording) {
        List<Noted> all = new ArrayList<>();
        recording.read((phase, name, number, start, nanos) -> all.add(new Noted(phase, name, number, start, nanos)));
        return all;
    }

    @Test
    void phasesNestAndKeepTheirNamesAndNumbers() {
        Recording recording = new Recording(3, true, false);
        long outer = recording.begin();
        long inner = recording.begin();
        recording.end(Phase.LINEAR, "Q", inner);
        recording.device(Phase.KERNEL, "attention", inner, 17);
        recording.end(Phase.HALF_LAYER, "attention", 7, outer);
        List<Noted> all = read(recording);

        assertThat(recording.rank()).isEqualTo(3);
        assertThat(all).extracting(Noted::phase).containsExactly(Phase.LINEAR, Phase.KERNEL, Phase.HALF_LAYER);
        assertThat(all).extracting(Noted::name).containsExactly("Q", "attention", "attention");
        assertThat(all).extracting(Noted::number).containsExactly(-1, -1, 7);
        assertThat(all.get(1).nanos()).isEqualTo(17);
        assertThat(all.get(0).start()).isGreaterThanOrEqualTo(all.get(2).start());
        assertThat(all.get(0).start() + all.get(0).nanos())
                .isLessThanOrEqualTo(all.get(2).start() + all.get(2).nanos());
    }

    @Test
    void manyPhasesAreKeptInOrder() {
        Recording recording = new Recording(0, true, false);
        for (int i = 0; i < 5000; i++) {
            recording.end(Phase.NORM, "norm", i, recording.begin());
        }

        assertThat(read(recording))
                .extracting(Noted::number)
                .hasSize(5000)
                .isSorted()
                .last()
                .isEqualTo(4999);
        assertThat(recording.leftOut()).isZero();
    }

    /**
     * A recording that is off reads no clock and allocates nothing; a recording that is on shows that the measurement
     * works.
     */
    @Test
    void offCostsNoAllocation() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long sum = 0;
        for (int i = 0; i < 100_000; i++) {
            long begun = Timeline.OFF.begin();
            sum += begun;
            Timeline.OFF.end(Phase.LINEAR, "linear", i, begun);
            Timeline.OFF.device(Phase.KERNEL, "graph", begun, 1);
        }
        long spent = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(sum).isZero();
        assertThat(spent).isLessThan(50_000);

        Recording recording = new Recording(0, true, false);
        long start = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 100_000; i++) {
            recording.end(Phase.LINEAR, "linear", i, recording.begin());
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - start).isGreaterThan(1_000_000);
    }

    @Test
    void flightRecordingsHaveThePhases(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("phases.jfr");
        try (jdk.jfr.Recording flight = new jdk.jfr.Recording()) {
            flight.enable("dev.waterspout.Phase").withoutThreshold();
            flight.start();
            Recording recording = new Recording(2, false, true);
            long outer = recording.begin();
            recording.end(Phase.QUANTIZE, "allgather", recording.begin());
            recording.device(Phase.KERNEL, "attention", outer, 1234);
            recording.end(Phase.COLLECTIVE, "exchange", 5, outer);
            flight.stop();
            flight.dump(file);
            assertThat(read(recording)).isEmpty();
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("dev.waterspout.Phase"))
                .toList();

        assertThat(events)
                .extracting(event -> event.getString("phase"))
                .containsExactlyInAnyOrder("quantize", "kernel", "collective");
        assertThat(events).extracting(event -> event.getInt("rank")).containsOnly(2);
        RecordedEvent collective = events.stream()
                .filter(event -> event.getString("phase").equals("collective"))
                .findFirst()
                .orElseThrow();
        assertThat(collective.getInt("number")).isEqualTo(5);
        assertThat(collective.getDuration()).isPositive();
    }
}
