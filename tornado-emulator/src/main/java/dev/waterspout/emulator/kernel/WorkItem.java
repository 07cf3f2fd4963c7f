package dev.waterspout.emulator.kernel;

/** One work-item of a launch: its position in the grid, and its group's barrier and local memory. */
public final class WorkItem {
    private final LaunchGrid grid;
    private final WorkGroup group;

    private int id;
    private int local;
    private long mark;
    private int localArrays;

    WorkItem(LaunchGrid grid, WorkGroup group) {
        this.grid = grid;
        this.group = group;
    }

    void begin(int groupNumber, int localNumber) {
        id = groupNumber * grid.groupSize() + localNumber;
        local = localNumber;
        localArrays = 0;
        enter(0);
    }

    void enter(int epoch) {
        mark = Shadow.mark(id, epoch);
    }

    int id() {
        return id;
    }

    int local() {
        return local;
    }

    long mark() {
        return mark;
    }

    String describe() {
        return grid.describe(id);
    }

    /** Index among all work-items. */
    public int globalId(int dimension) {
        return grid.globalId(id, dimension);
    }

    /** Index of the group. */
    public int groupId(int dimension) {
        return grid.groupId(id, dimension);
    }

    /** Index in the group. */
    public int localId(int dimension) {
        return grid.localId(id, dimension);
    }

    /** Number of work-items. */
    public int globalSize(int dimension) {
        return grid.globalSize(dimension);
    }

    /** Number of work-items of a group. */
    public int localSize(int dimension) {
        return grid.localSize(dimension);
    }

    /** Waits for the group; orders accesses to local memory. */
    public void localBarrier() {
        group.await(this, false);
    }

    /** Waits for the group; orders accesses to device arrays. */
    public void globalBarrier() {
        group.await(this, true);
    }

    /** The sum of the values that the items of the warp show. */
    public float warpSum(float value) {
        return group.exchange(Exchange.Kind.SUM, this, value, 0);
    }

    /** The value that the item {@code delta} lanes ahead shows; the own one if there is none in the warp. */
    public float warpShuffleDown(float value, int delta) {
        return group.exchange(Exchange.Kind.SHUFFLE_DOWN, this, value, delta);
    }

    /** The value that the first item of the warp shows. */
    public float warpBroadcastFirst(float value) {
        return group.exchange(Exchange.Kind.BROADCAST_FIRST, this, value, 0);
    }

    /** The group's int array for this item's next allocation. */
    public int[] intLocalArray(int size) {
        return group.localMemory().ints(this, localArrays++, size);
    }

    /** The group's byte array for this item's next allocation. */
    public byte[] byteLocalArray(int size) {
        return group.localMemory().bytes(this, localArrays++, size);
    }

    /** The group's long array for this item's next allocation. */
    public long[] longLocalArray(int size) {
        return group.localMemory().longs(this, localArrays++, size);
    }

    /** The group's float array for this item's next allocation. */
    public float[] floatLocalArray(int size) {
        return group.localMemory().floats(this, localArrays++, size);
    }
}
