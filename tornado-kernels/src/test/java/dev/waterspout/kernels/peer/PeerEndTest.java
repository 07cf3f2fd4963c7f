package dev.waterspout.kernels.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Pairing of readers and arrays, and refusals, without a device. */
class PeerEndTest {
    private final List<PeerCopy> copied = new ArrayList<>();
    private final PeerLink link = new PeerLink((target, copies) -> copied.addAll(copies), 2);
    private final PeerEnd first = link.end(0);
    private final PeerEnd second = link.end(1);

    private static DeviceArray array(long base, long bytes) {
        return new DeviceArray(TornadoVMBackendType.OPENCL, 0, base, bytes, 0, 0);
    }

    @Test
    void everyRankFetchesTheOffersOfAll() {
        first.publish(array(1, 40));
        second.publish(array(2, 40));
        first.expect(30);
        first.fetch(array(3, 80));
        assertThat(copied).containsExactly(new PeerCopy(array(1, 40), 0, 0, 30), new PeerCopy(array(2, 40), 0, 40, 30));
    }

    @Test
    void theOfferBeforeIsKeptForThoseThatAreBehind() {
        first.publish(array(1, 40));
        second.publish(array(2, 40));
        first.publish(array(3, 40));
        second.expect(8);
        second.fetch(array(4, 80));
        assertThat(copied).extracting(PeerCopy::source).containsExactly(array(1, 40), array(2, 40));
    }

    @Test
    void refusesWhatIsNotOffered() {
        first.publish(array(1, 40));
        first.expect(8);
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.fetch(array(3, 80)))
                .withMessage("rank 1 offers nothing; the offer of exchange 0 is needed");
        second.publish(array(2, 40));
        first.publish(array(4, 40));
        second.publish(array(5, 40));
        first.publish(array(1, 40));
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.fetch(array(3, 80)))
                .withMessage("rank 1 offers its partial of exchange 0; the offer of exchange 2 is needed");
        assertThat(copied).isEmpty();
    }

    @Test
    void refusesTheSameArrayTwiceInARow() {
        first.publish(array(1, 40));
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.publish(array(1, 40)))
                .withMessage("rank 0 offers the array that it offered last; it must alternate between two");
    }

    @Test
    void refusesMoreThanARanksShare() {
        first.publish(array(1, 80));
        second.publish(array(2, 80));
        first.expect(41);
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> first.fetch(array(3, 80)))
                .withMessage("41 bytes per rank; the array has room for 40");
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
