package dev.waterspout.emulator.kernel;

import dev.waterspout.emulator.DeviceSpec;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * The validated sizes of a launch. Work-items are numbered group by group, so that a number divided by the group size
 * is the group's number.
 */
final class LaunchGrid {
    private static final int DIMENSIONS = 3;
    private static final int DEFAULT_LOCAL = 64;

    private final int[] local = new int[DIMENSIONS];
    private final int[] groups = new int[DIMENSIONS];
    private final int[] offset = new int[DIMENSIONS];

    private LaunchGrid() {}

    /** Checks a task's grid against the device's limits. */
    static LaunchGrid of(String task, WorkerGrid grid, DeviceSpec spec) {
        LaunchGrid result = new LaunchGrid();
        long[] globalWork = grid.getGlobalWork();
        long[] localWork = grid.getLocalWork();
        if (localWork == null) {
            localWork =
                    new long[] {largestDivisor(globalWork[0], Math.min(DEFAULT_LOCAL, spec.maxWorkGroupSize())), 1, 1};
        }
        long items = 1;
        long groupItems = 1;
        for (int d = 0; d < DIMENSIONS; d++) {
            if (globalWork[d] <= 0 || localWork[d] <= 0 || globalWork[d] % localWork[d] != 0) {
                throw new TornadoRuntimeException("task " + task + ": local size " + Arrays.toString(localWork)
                        + " does not divide global size " + Arrays.toString(globalWork) + " in dimension " + d);
            }
            groupItems *= localWork[d];
            if (groupItems > spec.maxWorkGroupSize()) {
                throw new TornadoRuntimeException("task " + task + ": local size " + Arrays.toString(localWork)
                        + " is above the device's maximum work-group size " + spec.maxWorkGroupSize());
            }
            if (globalWork[d] > (Integer.MAX_VALUE - 1) / items) {
                throw new TornadoRuntimeException("task " + task + ": global size " + Arrays.toString(globalWork)
                        + " has more than " + (Integer.MAX_VALUE - 1) + " work-items");
            }
            items *= globalWork[d];
            result.local[d] = (int) localWork[d];
            result.groups[d] = (int) (globalWork[d] / localWork[d]);
            result.offset[d] = Math.toIntExact(grid.getGlobalOffset()[d]);
        }
        return result;
    }

    private static long largestDivisor(long value, int limit) {
        for (long candidate = limit; candidate > 1; candidate--) {
            if (value % candidate == 0) {
                return candidate;
            }
        }
        return 1;
    }

    int groupSize() {
        return local[0] * local[1] * local[2];
    }

    int groupCount() {
        return groups[0] * groups[1] * groups[2];
    }

    int globalSize(int dimension) {
        return groups[dimension] * local[dimension];
    }

    int localSize(int dimension) {
        return local[dimension];
    }

    int groupId(int item, int dimension) {
        return coordinate(item / groupSize(), groups, dimension);
    }

    int localId(int item, int dimension) {
        return coordinate(item % groupSize(), local, dimension);
    }

    int globalId(int item, int dimension) {
        return offset[dimension] + groupId(item, dimension) * local[dimension] + localId(item, dimension);
    }

    String describe(int item) {
        int[] at = {globalId(item, 0), globalId(item, 1), globalId(item, 2)};
        int[] inGroup = {localId(item, 0), localId(item, 1), localId(item, 2)};
        int[] group = {groupId(item, 0), groupId(item, 1), groupId(item, 2)};
        return "work-item " + Arrays.toString(at) + " (local " + Arrays.toString(inGroup) + " of group "
                + Arrays.toString(group) + ")";
    }

    private static int coordinate(int number, int[] sizes, int dimension) {
        return switch (dimension) {
            case 0 -> number % sizes[0];
            case 1 -> number / sizes[0] % sizes[1];
            default -> number / sizes[0] / sizes[1];
        };
    }
}
