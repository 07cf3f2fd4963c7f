package dev.waterspout.kernels.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;

/** Pairing of readers and arrays, order by events, and refusals, without a device. */
class PeerEndTest {
    /** A copier that writes down what it is asked for. An array's stream has the number of its rank. */
    private final class Recorder implements PeerCopier {
        private long events;

        @Override
        public void pull(DeviceArray target, List<PeerCopy> copies) {
            copied.addAll(copies);
            copies.forEach(copy -> log.add("stream " + target.stream() + " copies " + copy.bytes() + " bytes of array "
                    + copy.source().base() + " to byte " + copy.targetOffset()));
        }

        @Override
        public long event(DeviceArray array) {
            return ++events;
        }

        @Override
        public void record(long event, DeviceArray array) {
            log.add("stream " + array.stream() + " records " + event);
        }

        @Override
        public void await(DeviceArray array, long event) {
            log.add("stream " + array.stream() + " awaits " + event);
        }

        @Override
        public void destroy(long event) {
            log.add("destroyed " + event);
        }
    }

    private final List<PeerCopy> copied = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private final PeerLink link = new PeerLink(new Recorder(), 2);
    private final PeerEnd first = link.end(0);
    private final PeerEnd second = link.end(1);

    private static DeviceArray array(long base, long bytes) {
        return array(0, base, bytes);
    }

    private static DeviceArray array(int rank, long base, long bytes) {
        return new DeviceArray(TornadoVMBackendType.CUDA, rank, base, bytes, 0, rank);
    }

    private List<String> logged() {
        List<String> since = List.copyOf(log);
        log.clear();
        return since;
    }

    @Test
    void everyRankFetchesTheOffersOfTheOthers() {
        PeerLink three = new PeerLink(new Recorder(), 3);
        List<PeerEnd> ends = List.of(three.end(0), three.end(1), three.end(2));
        for (int rank = 0; rank < 3; rank++) {
            ends.get(rank).publish(array(rank, rank + 1, 40));
        }
        ends.get(1).fetch(array(1, 9, 80), 30);
        assertThat(copied)
                .containsExactly(new PeerCopy(array(0, 1, 40), 0, 0, 30), new PeerCopy(array(2, 3, 40), 0, 40, 30));
    }

    @Test
    void theOfferBeforeIsKeptForThoseThatAreBehind() {
        first.publish(array(1, 40));
        second.publish(array(2, 40));
        first.fetch(array(5, 40), 8);
        first.publish(array(3, 40));
        second.fetch(array(4, 40), 8);
        assertThat(copied).extracting(PeerCopy::source).containsExactly(array(2, 40), array(1, 40));
    }

    /** Events 1 and 3 stand for the first rank's writes, 2 and 4 for its copies; 5 to 8 for those of the second. */
    @Test
    void aCopyAwaitsTheWriterAndTheNextButOneWriteAwaitsTheCopy() {
        DeviceArray even = array(0, 1, 40);
        DeviceArray odd = array(0, 2, 40);
        DeviceArray packets = array(0, 3, 40);
        DeviceArray secondEven = array(1, 11, 40);
        DeviceArray secondOdd = array(1, 12, 40);
        DeviceArray secondPackets = array(1, 13, 40);
        first.publish(even);
        second.publish(secondEven);
        assertThat(logged()).containsExactly("stream 0 records 1", "stream 1 records 5");
        first.fetch(packets, 8);
        assertThat(logged())
                .containsExactly(
                        "stream 0 awaits 5", "stream 0 copies 8 bytes of array 11 to byte 0", "stream 0 records 2");
        second.fetch(secondPackets, 8);
        assertThat(logged())
                .containsExactly(
                        "stream 1 awaits 1", "stream 1 copies 8 bytes of array 1 to byte 0", "stream 1 records 6");
        first.publish(odd);
        second.publish(secondOdd);
        logged();
        first.fetch(packets, 8);
        assertThat(logged())
                .containsExactly(
                        "stream 0 awaits 7",
                        "stream 0 copies 8 bytes of array 12 to byte 0",
                        "stream 0 records 4",
                        "stream 0 awaits 6");
        second.fetch(secondPackets, 8);
        logged();
        first.publish(even);
        assertThat(logged()).containsExactly("stream 0 records 1");
    }

    @Test
    void eventsAreReleasedWhenAllEndsAreClosed() {
        first.publish(array(1, 40));
        logged();
        first.close();
        first.close();
        assertThat(logged()).isEmpty();
        second.close();
        assertThat(logged()).containsExactly("destroyed 1", "destroyed 2", "destroyed 3", "destroyed 4");
    }

    @Test
    void refusesWhatIsNotOffered() {
        first.publish(array(1, 40));
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.fetch(array(3, 40), 8))
                .withMessage("rank 1 offers nothing; the offer of exchange 0 is needed");
        second.publish(array(2, 40));
        first.publish(array(4, 40));
        second.publish(array(5, 40));
        first.publish(array(1, 40));
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.fetch(array(3, 40), 8))
                .withMessage("rank 1 offers its partial of exchange 0; the offer of exchange 2 is needed");
        assertThat(copied).isEmpty();
    }

    @Test
    void refusesToOverwriteWhatMayStillBeCopied() {
        first.publish(array(1, 40));
        second.publish(array(2, 40));
        first.fetch(array(3, 40), 8);
        first.publish(array(4, 40));
        second.publish(array(5, 40));
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.fetch(array(3, 40), 8))
                .withMessage("rank 1 has not gathered the offers of exchange 0");
    }

    @Test
    void refusesTheSameArrayTwiceInARow() {
        ByteArray offered = new ByteArray(40);
        first.place(offered, array(1, 40));
        first.offer(offered);
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.offer(offered))
                .withMessage("rank 0 offers the array that it offered last; it must alternate between two");
    }

    @Test
    void refusesMoreThanARanksShare() {
        first.publish(array(1, 80));
        second.publish(array(2, 80));
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.fetch(array(3, 40), 41))
                .withMessage("41 bytes per rank; the array has room for 40");
    }

    @Test
    void refusesAnArrayThatIsNotLocated() {
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.offer(new ByteArray(7)))
                .withMessage("rank 0 has an array of 7 elements whose place on the device is not known");
    }

    @Test
    void copiesStayInTheirArrays() {
        DeviceArray target = array(2, 64);
        new PeerCopy(array(1, 40), 8, 32, 32).requireInside(target);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PeerCopy(array(1, 40), 9, 32, 32).requireInside(target))
                .withMessage("32 bytes from byte 9 of a source of 40 bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PeerCopy(array(1, 40), 8, 33, 32).requireInside(target))
                .withMessage("32 bytes from byte 33 of a target of 64 bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PeerCopy(array(1, 40), -1, 0, 1).requireInside(target))
                .withMessage("1 bytes from byte -1 of a source of 40 bytes");
    }
}
