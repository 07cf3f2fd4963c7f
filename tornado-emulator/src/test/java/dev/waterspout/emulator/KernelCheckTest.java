package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Accesses that go wrong on a real device without a word are errors that name task, argument, element and items. */
class KernelCheckTest extends OnEmulatedGpu {
    private final FloatArray data = FloatArray.fromElements(0, 1, 2, 3, 4, 5, 6, 7);
    private final FloatArray scratch = new FloatArray(8);

    private TaskGraph graph() {
        return new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, data)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, data);
    }

    @Test
    void accessesOutOfBoundsAreRefused() {
        FloatArray small = new FloatArray(7);
        TaskGraph writing = graph().task("t", Kernels::addOne, new KernelContext(), data, small);
        assertThatThrownBy(() -> Plans.runOnce(writing, 8, 8))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessage("task g.t, argument 2 (FloatArray of 7): work-item [7, 0, 0] (local [7, 0, 0] of group"
                        + " [0, 0, 0]) writes element 7 of 7");
        TaskGraph reading = graph().task("t", Kernels::addOne, new KernelContext(), small, data);
        assertThatThrownBy(() -> Plans.runOnce(reading, 8, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("argument 1 (FloatArray of 7): work-item [7, 0, 0]")
                .hasMessageContaining("reads element 7 of 7");
    }

    @Test
    void twoWritersOfOneElementAreARace() {
        TaskGraph inGroup = graph().task("t", Kernels::writeSame, new KernelContext(), data);
        assertThatThrownBy(() -> Plans.runOnce(inGroup, 2, 2))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining(
                        "task g.t, argument 1 (FloatArray of 8): race on element 0: work-item [1, 0, 0] (local"
                                + " [1, 0, 0] of group [0, 0, 0]) writes it and work-item [0, 0, 0] (local [0, 0, 0] of"
                                + " group"
                                + " [0, 0, 0]) writes it");
        TaskGraph acrossGroups = graph().task("t", Kernels::writeSame, new KernelContext(), data);
        assertThatThrownBy(() -> Plans.runOnce(acrossGroups, 2, 1))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("race on element 0");
    }

    @Test
    void readingANeighboursWriteIsARace() {
        TaskGraph graph = graph().task("t", Kernels::readNeighbour, new KernelContext(), data);
        assertThatThrownBy(() -> Plans.runOnce(graph, 4, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("race on element 1: work-item [1, 0, 0]")
                .hasMessageContaining("writes it and work-item [0, 0, 0]")
                .hasMessageContaining("reads it, with no globalBarrier between them");
    }

    @Test
    void oneItemAloneHasNoRace() {
        TaskGraph graph = graph().task("t", Kernels::readNeighbour, new KernelContext(), data);
        Plans.runOnce(graph, 1, 1);
        assertThat(data.get(0)).isEqualTo(1);
    }

    @Test
    void globalBarrierOrdersAGroup() {
        TaskGraph graph = graph().task("t", Kernels::reverseThroughDevice, new KernelContext(), data, scratch);
        Plans.runOnce(graph, 8, 4);
        assertThat(data.toHeapArray()).containsExactly(3, 2, 1, 0, 7, 6, 5, 4);
    }

    @Test
    void localBarrierDoesNotOrderDeviceArrays() {
        TaskGraph graph = graph().task("t", Kernels::reverseLocalBarrier, new KernelContext(), data, scratch);
        assertThatThrownBy(() -> Plans.runOnce(graph, 8, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("argument 2 (FloatArray of 8): race on element")
                .hasMessageContaining("no globalBarrier between them");
    }

    @Test
    void noBarrierIsARace() {
        TaskGraph graph = graph().task("t", Kernels::reverseNoBarrier, new KernelContext(), data, scratch);
        assertThatThrownBy(() -> Plans.runOnce(graph, 8, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("race on element");
    }

    @Test
    void noBarrierOrdersTwoGroups() {
        TaskGraph graph = graph().task("t", Kernels::readAcrossGroups, new KernelContext(), data, scratch);
        for (int repeat = 0; repeat < 50; repeat++) {
            assertThatThrownBy(() -> Plans.runOnce(graph, 8, 4))
                    .isInstanceOf(TornadoRuntimeException.class)
                    .hasMessageContaining("argument 1 (FloatArray of 8): race on element 0");
        }
        assertThatCode(() -> Plans.runOnce(graph, 8, 8)).doesNotThrowAnyException();
    }

    @Test
    void twoArgumentsThatAreOneArrayAreWatchedAsOne() {
        TaskGraph graph = graph().task("t", Kernels::reverseNoBarrier, new KernelContext(), data, data);
        assertThatThrownBy(() -> Plans.runOnce(graph, 8, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("race on element");
    }

    @Test
    void raceDetectionCanBeSwitchedOff() {
        EmulatedPlatform.configure(DeviceSpec.gpu().withoutRaceDetection());
        TaskGraph graph = graph().task("t", Kernels::writeSame, new KernelContext(), data);
        assertThatCode(() -> Plans.runOnce(graph, 2, 2)).doesNotThrowAnyException();
        assertThat(data.get(0)).isEqualTo(1);
    }
}
