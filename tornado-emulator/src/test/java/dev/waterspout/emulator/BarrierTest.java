package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Items of a group meet at barriers and share local memory; those that never meet are an error. */
class BarrierTest extends OnEmulatedGpu {
    private static final Queue<Integer> ORDER = new ConcurrentLinkedQueue<>();

    private final FloatArray out = new FloatArray(4);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 64, 1024})
    void groupsSumInLocalMemory(int groupSize) {
        int groups = 5;
        FloatArray in = new FloatArray(groups * groupSize);
        FloatArray sums = new FloatArray(groups);
        IntStream.range(0, in.getSize()).forEach(i -> in.set(i, i % 17));
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .task("t", Kernels::groupSum, new KernelContext(), in, sums)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, sums);
        Plans.runOnce(graph, in.getSize(), groupSize);
        for (int g = 0; g < groups; g++) {
            int expected = IntStream.range(g * groupSize, (g + 1) * groupSize)
                    .map(i -> i % 17)
                    .sum();
            assertThat(sums.get(g)).isEqualTo(expected);
        }
    }

    @Test
    void theOrderOfItemsChangesWithEachBarrier() {
        ORDER.clear();
        TaskGraph graph = new TaskGraph("g").task("t", BarrierTest::noteOrder, new KernelContext(), out);
        Plans.runOnce(graph, 3, 3);
        assertThat(ORDER).containsExactly(0, 1, 2, 2, 1, 0, 0, 1, 2);
    }

    private static void noteOrder(KernelContext context, FloatArray result) {
        ORDER.add(context.localIdx);
        context.localBarrier();
        ORDER.add(context.localIdx);
        context.localBarrier();
        ORDER.add(context.localIdx);
        result.set(context.globalIdx, 1);
    }

    @Test
    void itemsThatEndWhileOthersWaitAreDivergence() {
        TaskGraph some = new TaskGraph("g").task("t", Kernels::barrierForSome, new KernelContext(), out);
        assertThatThrownBy(() -> Plans.runOnce(some, 4, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("task g.t: barrier divergence: work-item [0, 0, 0]")
                .hasMessageContaining("waits at localBarrier (dev.waterspout.emulator.Kernels.barrierForSome:")
                .hasMessageContaining("but work-item [3, 0, 0] (local [3, 0, 0] of group [0, 0, 0]) has ended");
        TaskGraph later = new TaskGraph("g").task("t", Kernels::barrierForLater, new KernelContext(), out);
        assertThatThrownBy(() -> Plans.runOnce(later, 4, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("barrier divergence: work-item [1, 0, 0]")
                .hasMessageContaining("but work-item [0, 0, 0] (local [0, 0, 0] of group [0, 0, 0]) has ended");
    }

    @Test
    void itemsThatWaitAtDifferentBarriersAreDivergence() {
        TaskGraph graph = new TaskGraph("g").task("t", Kernels::barriersApart, new KernelContext(), out);
        assertThatThrownBy(() -> Plans.runOnce(graph, 4, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("barrier divergence: work-item [2, 0, 0]")
                .hasMessageContaining(
                        "but work-item [0, 0, 0] (local [0, 0, 0] of group [0, 0, 0]) waits at localBarrier");
    }

    /** Call sites are compared in some groups only: always in the last, where a kernel ends early. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 40})
    void theLastGroupIsCompared(int groups) {
        FloatArray all = new FloatArray(2 * groups);
        TaskGraph graph = new TaskGraph("g").task("t", Kernels::barriersApartInTheLastGroup, new KernelContext(), all);
        assertThatThrownBy(() -> Plans.runOnce(graph, 2 * groups, 2))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("barrier divergence: work-item [" + (2 * groups - 1) + ", 0, 0]");
    }

    @Test
    void anItemThatFailsAfterABarrierEndsItsGroup() {
        TaskGraph graph = new TaskGraph("g").task("t", Kernels::failInOneItem, new KernelContext(), out);
        assertThatThrownBy(() -> Plans.runOnce(graph, 4, 4))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("task g.t: work-item [3, 0, 0]")
                .hasMessageContaining("ArrayIndexOutOfBoundsException")
                .hasCauseInstanceOf(ArrayIndexOutOfBoundsException.class);
    }

    @Test
    void localMemoryIsUndefinedAtFirst() {
        TaskGraph graph = new TaskGraph("g")
                .task("t", Kernels::failInOneItem, new KernelContext(), out)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        Plans.runOnce(graph, 2, 2);
        assertThat(out.get(0)).isNaN();
    }

    @Test
    void itemsMustAllocateTheSameLocalArrays() {
        TaskGraph graph = new TaskGraph("g").task("t", Kernels::unlikeLocalArrays, new KernelContext(), out);
        assertThatThrownBy(() -> Plans.runOnce(graph, 2, 2))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessage("task g.t: local array 0, float[2], of work-item [1, 0, 0] (local [1, 0, 0] of group"
                        + " [0, 0, 0]):"
                        + " other items of the group allocate float[1]");
    }

    @Test
    void localMemoryIsLimited() {
        EmulatedPlatform.configure(DeviceSpec.gpu().withLocalMemory(400));
        TaskGraph fits = new TaskGraph("g").task("t", Kernels::largeLocalArray, new KernelContext(), out, 100);
        Plans.runOnce(fits, 4, 2);
        TaskGraph tooLarge = new TaskGraph("g").task("t", Kernels::largeLocalArray, new KernelContext(), out, 101);
        assertThatThrownBy(() -> Plans.runOnce(tooLarge, 4, 2))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("the group then needs 404 of 400 bytes");
    }
}
