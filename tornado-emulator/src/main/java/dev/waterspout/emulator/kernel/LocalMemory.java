package dev.waterspout.emulator.kernel;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * The local arrays of a group. Its items allocate them in the same order, so the n-th allocation of each is the same
 * array. On a device their initial content is undefined, so they begin with values that no kernel expects. They are
 * Java arrays, as in the real API, so races on them cannot be detected. The order in which items run changes instead.
 */
final class LocalMemory {
    private static final int UNDEFINED = 0xDEADBEEF;

    private final String task;
    private final long limit;
    private final List<Object> arrays = new ArrayList<>();
    private long bytesInUse;

    LocalMemory(String task, long limit) {
        this.task = task;
        this.limit = limit;
    }

    void clear() {
        arrays.clear();
        bytesInUse = 0;
    }

    int[] ints(WorkItem item, int number, int size) {
        if (isNew(item, number, int.class, size, Integer.BYTES)) {
            int[] fresh = new int[size];
            Arrays.fill(fresh, UNDEFINED);
            arrays.add(fresh);
        }
        return (int[]) arrays.get(number);
    }

    byte[] bytes(WorkItem item, int number, int size) {
        if (isNew(item, number, byte.class, size, Byte.BYTES)) {
            byte[] fresh = new byte[size];
            Arrays.fill(fresh, (byte) UNDEFINED);
            arrays.add(fresh);
        }
        return (byte[]) arrays.get(number);
    }

    long[] longs(WorkItem item, int number, int size) {
        if (isNew(item, number, long.class, size, Long.BYTES)) {
            long[] fresh = new long[size];
            Arrays.fill(fresh, UNDEFINED);
            arrays.add(fresh);
        }
        return (long[]) arrays.get(number);
    }

    float[] floats(WorkItem item, int number, int size) {
        if (isNew(item, number, float.class, size, Float.BYTES)) {
            float[] fresh = new float[size];
            Arrays.fill(fresh, Float.NaN);
            arrays.add(fresh);
        }
        return (float[]) arrays.get(number);
    }

    private boolean isNew(WorkItem item, int number, Class<?> type, int size, int elementBytes) {
        if (size <= 0) {
            throw error(item, number, type, size, "the size must be positive");
        }
        if (number < arrays.size()) {
            Object known = arrays.get(number);
            if (known.getClass().componentType() != type || Array.getLength(known) != size) {
                throw error(
                        item,
                        number,
                        type,
                        size,
                        "other items of the group allocate " + known.getClass().componentType() + "["
                                + Array.getLength(known) + "]");
            }
            return false;
        }
        bytesInUse += (long) size * elementBytes;
        if (bytesInUse > limit) {
            throw error(item, number, type, size, "the group then needs " + bytesInUse + " of " + limit + " bytes");
        }
        return true;
    }

    private TornadoRuntimeException error(WorkItem item, int number, Class<?> type, int size, String what) {
        return new TornadoRuntimeException("task " + task + ": local array " + number + ", " + type + "[" + size
                + "], of " + item.describe() + ": " + what);
    }
}
