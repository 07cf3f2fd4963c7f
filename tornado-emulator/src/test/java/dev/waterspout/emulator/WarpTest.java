package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Lanes of a warp exchange values; lanes that do not all take part are an error. */
class WarpTest extends OnEmulatedGpu {
    private static FloatArray run(Task3<KernelContext, FloatArray, FloatArray> kernel, int global, int local) {
        FloatArray in = new FloatArray(global);
        FloatArray out = new FloatArray(global);
        for (int i = 0; i < global; i++) {
            in.set(i, (i % 13) * (i % 2 == 0 ? 1e-3f : 1e4f));
        }
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, in)
                .task("t", kernel, new KernelContext(), in, out)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        Plans.runOnce(graph, global, local);
        return out;
    }

    private static void sum(KernelContext context, FloatArray in, FloatArray out) {
        out.set(context.globalIdx, context.simdSum(in.get(context.globalIdx)));
    }

    /** The order of additions matters for these numbers: it is that of a tree. */
    @Test
    void everyLaneReceivesTheSumOfItsWarp() {
        FloatArray out = run(WarpTest::sum, 192, 64);
        for (int i = 0; i < 192; i++) {
            float[] sums = new float[32];
            for (int lane = 0; lane < 32; lane++) {
                int k = i / 32 * 32 + lane;
                sums[lane] = (k % 13) * (k % 2 == 0 ? 1e-3f : 1e4f);
            }
            for (int half = 16; half > 0; half /= 2) {
                for (int lane = 0; lane < half; lane++) {
                    sums[lane] += sums[lane + half];
                }
            }
            assertThat(out.get(i)).as("item %d", i).isEqualTo(sums[0]);
        }
    }

    /** Each exchange reads what the one before has made, between barriers of the group. */
    private static void shiftTwice(KernelContext context, FloatArray in, FloatArray out) {
        float[] local = context.allocateFloatLocalArray(64);
        float value = context.simdShuffleDown((float) context.localIdx, 1);
        value = context.simdShuffleDown(value, 2);
        local[context.localIdx] = value;
        context.localBarrier();
        value = local[63 - context.localIdx];
        context.localBarrier();
        out.set(context.globalIdx, 100f * context.simdBroadcastFirst(value) + context.simdShuffleDown(value, 1));
    }

    private static float shifted(int item) {
        int lane = item % 32;
        int once = lane + 2 < 32 ? item + 2 : item;
        return once % 32 + 1 < 32 ? once + 1 : once;
    }

    @Test
    void lanesReceiveTheValuesOfOthers() {
        FloatArray out = run(WarpTest::shiftTwice, 128, 64);
        for (int i = 0; i < 128; i++) {
            int item = i % 64;
            int next = item % 32 + 1 < 32 ? item + 1 : item;
            assertThat(out.get(i)).as("item %d", i).isEqualTo(100f * shifted(63 - item / 32 * 32) + shifted(63 - next));
        }
    }

    /** Warps need not do the same: only the last one exchanges values, which the others do not wait for. */
    private static void inTheLastWarp(KernelContext context, FloatArray in, FloatArray out) {
        float value = 1f;
        if (context.localIdx > 63) {
            value = context.simdSum(value);
        }
        out.set(context.globalIdx, value);
    }

    @Test
    void warpsMayDiverge() {
        FloatArray out = run(WarpTest::inTheLastWarp, 192, 96);
        for (int i = 0; i < 192; i++) {
            assertThat(out.get(i)).isEqualTo(i % 96 > 63 ? 32f : 1f);
        }
    }

    private static void byHalf(KernelContext context, FloatArray in, FloatArray out) {
        float value = in.get(context.globalIdx);
        if (context.localIdx < 48) {
            value = context.simdShuffleDown(value, 16);
        }
        out.set(context.globalIdx, value);
    }

    private static void byOtherHalf(KernelContext context, FloatArray in, FloatArray out) {
        float value = in.get(context.globalIdx);
        if (context.localIdx > 47) {
            value = context.simdShuffleDown(value, 16);
        }
        out.set(context.globalIdx, value);
    }

    @Test
    void lanesThatDoNotTakePartAreDivergence() {
        assertThatThrownBy(() -> run(WarpTest::byHalf, 64, 64))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("task g.t: barrier divergence: work-item [32, 0, 0]")
                .hasMessageContaining("waits at simdShuffleDown (dev.waterspout.emulator.WarpTest.byHalf:")
                .hasMessageContaining("but work-item [48, 0, 0] (local [48, 0, 0] of group [0, 0, 0]) has ended");
        assertThatThrownBy(() -> run(WarpTest::byOtherHalf, 64, 64))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("barrier divergence: work-item [48, 0, 0]")
                .hasMessageContaining("but work-item [47, 0, 0] (local [47, 0, 0] of group [0, 0, 0]) has ended");
    }

    private static void barrierAndShuffle(KernelContext context, FloatArray in, FloatArray out) {
        if (context.localIdx == 40) {
            context.localBarrier();
        }
        out.set(context.globalIdx, context.simdBroadcastFirst(in.get(context.globalIdx)));
        if (context.localIdx != 40) {
            context.localBarrier();
        }
    }

    @Test
    void aLaneAtABarrierOfTheGroupIsDivergence() {
        assertThatThrownBy(() -> run(WarpTest::barrierAndShuffle, 64, 64))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("barrier divergence: work-item [32, 0, 0]")
                .hasMessageContaining("waits at simdBroadcastFirst")
                .hasMessageContaining("but work-item [40, 0, 0] (local [40, 0, 0] of group [0, 0, 0]) waits at local");
    }

    private static void exchangesApart(KernelContext context, FloatArray in, FloatArray out) {
        float value = in.get(context.globalIdx);
        if (context.localIdx < 8) {
            out.set(context.globalIdx, context.simdSum(value));
        } else {
            out.set(context.globalIdx, context.simdSum(-value));
        }
    }

    @Test
    void lanesAtDifferentExchangesAreDivergence() {
        assertThatThrownBy(() -> run(WarpTest::exchangesApart, 32, 32))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("barrier divergence: work-item [8, 0, 0]")
                .hasMessageContaining("but work-item [0, 0, 0] (local [0, 0, 0] of group [0, 0, 0]) waits at simdSum");
    }

    @Test
    void groupsHaveWholeWarps() {
        assertThatThrownBy(() -> run(WarpTest::sum, 96, 48))
                .isInstanceOf(TornadoRuntimeException.class)
                .hasMessageContaining("calls simdSum (dev.waterspout.emulator.WarpTest.sum:")
                .hasMessageContaining("in a group of 48 work-items; must be a multiple of 32");
    }

    @Test
    void onTheHostAContextReturnsTheValue() {
        KernelContext context = new KernelContext();
        assertThat(context.simdSum(2f) + context.simdShuffleDown(3f, 1) + context.simdBroadcastFirst(4f))
                .isEqualTo(9f);
    }
}
