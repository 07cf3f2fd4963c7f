package uk.ac.manchester.tornado.api;

import dev.waterspout.emulator.kernel.Fragments;
import dev.waterspout.emulator.kernel.WorkItem;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The indices and barriers of a kernel's work-item. Host code passes an empty context among a task's arguments; each
 * work-item receives its own context in its place.
 */
public class KernelContext {
    /** Index of the work-item among all, x. */
    public final Integer globalIdx;

    /** Index of the work-item among all, y. */
    public final Integer globalIdy;

    /** Index of the work-item among all, z. */
    public final Integer globalIdz;

    /** Index of the work-group, x. */
    public final Integer groupIdx;

    /** Index of the work-group, y. */
    public final Integer groupIdy;

    /** Index of the work-group, z. */
    public final Integer groupIdz;

    /** Index of the work-item in its group, x. */
    public final Integer localIdx;

    /** Index of the work-item in its group, y. */
    public final Integer localIdy;

    /** Index of the work-item in its group, z. */
    public final Integer localIdz;

    /** Number of work-items, x. */
    public final Integer globalGroupSizeX;

    /** Number of work-items, y. */
    public final Integer globalGroupSizeY;

    /** Number of work-items, z. */
    public final Integer globalGroupSizeZ;

    /** Number of work-items of a group, x. */
    public final Integer localGroupSizeX;

    /** Number of work-items of a group, y. */
    public final Integer localGroupSizeY;

    /** Number of work-items of a group, z. */
    public final Integer localGroupSizeZ;

    private final @Nullable WorkItem item;

    /** A context for a task's arguments; its indices are zero. */
    public KernelContext() {
        item = null;
        globalIdx = 0;
        globalIdy = 0;
        globalIdz = 0;
        groupIdx = 0;
        groupIdy = 0;
        groupIdz = 0;
        localIdx = 0;
        localIdy = 0;
        localIdz = 0;
        globalGroupSizeX = 0;
        globalGroupSizeY = 0;
        globalGroupSizeZ = 0;
        localGroupSizeX = 0;
        localGroupSizeY = 0;
        localGroupSizeZ = 0;
    }

    KernelContext(WorkItem workItem) {
        item = workItem;
        globalIdx = workItem.globalId(0);
        globalIdy = workItem.globalId(1);
        globalIdz = workItem.globalId(2);
        groupIdx = workItem.groupId(0);
        groupIdy = workItem.groupId(1);
        groupIdz = workItem.groupId(2);
        localIdx = workItem.localId(0);
        localIdy = workItem.localId(1);
        localIdz = workItem.localId(2);
        globalGroupSizeX = workItem.globalSize(0);
        globalGroupSizeY = workItem.globalSize(1);
        globalGroupSizeZ = workItem.globalSize(2);
        localGroupSizeX = workItem.localSize(0);
        localGroupSizeY = workItem.localSize(1);
        localGroupSizeZ = workItem.localSize(2);
    }

    /**
     * Waits for every work-item of the group; orders their accesses to local memory. Accesses to device arrays are
     * ordered by {@link #globalBarrier} only, as in OpenCL.
     */
    public void localBarrier() {
        if (item != null) {
            item.localBarrier();
        }
    }

    /** Waits for every work-item of the group; orders their accesses to device arrays. */
    public void globalBarrier() {
        if (item != null) {
            item.globalBarrier();
        }
    }

    /** An int array shared by the group, of undefined content. */
    public int[] allocateIntLocalArray(int size) {
        return item == null ? new int[size] : item.intLocalArray(size);
    }

    /** A byte array shared by the group, of undefined content. */
    public byte[] allocateByteLocalArray(int size) {
        return item == null ? new byte[size] : item.byteLocalArray(size);
    }

    /** A long array shared by the group, of undefined content. */
    public long[] allocateLongLocalArray(int size) {
        return item == null ? new long[size] : item.longLocalArray(size);
    }

    /** A float array shared by the group, of undefined content. */
    public float[] allocateFloatLocalArray(int size) {
        return item == null ? new float[size] : item.floatLocalArray(size);
    }

    /**
     * The sum of the values of all 32 lanes of the warp, as the CUDA backend computes it: lanes whose numbers differ by
     * 16 add their values, then those by 8, 4, 2 and 1. Every lane receives the same bits.
     */
    public float simdSum(float val) {
        return item == null ? val : item.warpSum(val);
    }

    /** The value of the lane {@code delta} ahead in the warp; the own value where that is beyond the last lane. */
    public float simdShuffleDown(float val, int delta) {
        return item == null ? val : item.warpShuffleDown(val, delta);
    }

    /** The value of the first lane of the warp. */
    public float simdBroadcastFirst(float val) {
        return item == null ? val : item.warpBroadcastFirst(val);
    }

    /** A lane's four sums of a matrix product. */
    public float[] mmaFragment(float v) {
        return Fragments.sums(v);
    }

    /** A lane's part of a matrix of 16 x 16 numbers of 16 bits in a local array; a row is 32 bytes. */
    public HalfFloat[] mmaLoadA(int[] aTile, int wmmaK, int byteOffset) {
        return Fragments.loadA(aTile, wmmaK, byteOffset, lane());
    }

    /** A lane's part of a matrix of 16 x 8 numbers of 16 bits in a local array; a row is 16 bytes. */
    public HalfFloat[] mmaLoadB(int[] bTile, int wmmaK, int byteOffset) {
        return Fragments.loadB(bTile, wmmaK, byteOffset, lane());
    }

    /** A lane's part of {@code A x B + C}, with A and B of bf16. */
    public float[] mmaBF16(HalfFloat[] fragA, HalfFloat[] fragB, float[] fragC, MMAShape mmaShape) {
        return Fragments.multiply(fragA, fragB, fragC, mmaShape);
    }

    /** Writes a lane's sums to a matrix whose rows have {@code dimN} elements. */
    public void mmaStore(float[] fragD, FloatArray c, int tileRow, int tileCol, int dimN) {
        Fragments.store(fragD, c, tileRow, tileCol, dimN, lane());
    }

    private int lane() {
        return localIdx % Fragments.WARP;
    }
}
