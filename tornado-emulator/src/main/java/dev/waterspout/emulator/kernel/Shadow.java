package dev.waterspout.emulator.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The last writer and the last reader of each element of a device array during a launch.
 *
 * <p>A mark is the work-item's number plus 1 and the epoch of its group, which each barrier raises:
 *
 * <pre>
 *   bit 63      62      61                32 31                     0
 *   +----------+--------+-------------------+-----------------------+
 *   | GROUPS   | ITEMS  | epoch             | work-item + 1         |
 *   +----------+--------+-------------------+-----------------------+
 * </pre>
 *
 * <p>GROUPS: items of several groups read the element; ITEMS: several items of one group read it in that epoch. One
 * writer is enough to remember: a second one is either ordered after the first by a barrier of their group, or a
 * race. Of the readers of one group only those of the last epoch matter. Each access first publishes its mark and
 * then reads the other marks, both with volatile semantics. So of two racing threads at least one detects the other.
 */
final class Shadow {
    /** No race. */
    static final long NONE = 0;

    private static final VarHandle MARKS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int PAGE_SHIFT = 10;
    private static final int PAGE_MASK = (1 << PAGE_SHIFT) - 1;
    private static final int READER = 1;
    private static final long MANY_GROUPS = 1L << 63;
    private static final long MANY_ITEMS = 1L << 62;
    private static final long EPOCH_MASK = ((1L << 30) - 1) << 32;
    private static final long READER_FLAG = MANY_GROUPS;

    private final AtomicReferenceArray<long[]> pages;
    private final int groupSize;

    Shadow(int elements, int groupSize) {
        pages = new AtomicReferenceArray<>((elements >>> PAGE_SHIFT) + 1);
        this.groupSize = groupSize;
    }

    static long mark(int item, int epoch) {
        return ((long) epoch << 32) | (item + 1);
    }

    static int item(long conflict) {
        return (int) conflict - 1;
    }

    static boolean isReader(long conflict) {
        return (conflict & READER_FLAG) != 0;
    }

    /** Records a read. Returns the mark of a racing writer, or {@link #NONE}. */
    long read(int index, long me) {
        long[] page = page(index);
        int slot = (index & PAGE_MASK) << 1;
        long readers = (long) MARKS.getVolatile(page, slot + READER);
        while (true) {
            if (readers == me) {
                return NONE;
            }
            long merged = merge(readers, me);
            if (merged == readers) {
                break;
            }
            long seen = (long) MARKS.compareAndExchange(page, slot + READER, readers, merged);
            if (seen == readers) {
                break;
            }
            readers = seen;
        }
        long writer = (long) MARKS.getVolatile(page, slot);
        return writer != 0 && unordered(writer, me) ? writer : NONE;
    }

    /** Records a write. Returns the mark of a racing reader (see {@link #isReader}) or writer, or {@link #NONE}. */
    long write(int index, long me) {
        long[] page = page(index);
        int slot = (index & PAGE_MASK) << 1;
        if ((long) MARKS.getVolatile(page, slot) == me) {
            return NONE;
        }
        long writer = (long) MARKS.getAndSet(page, slot, me);
        if (writer != 0 && unordered(writer, me)) {
            return writer;
        }
        long readers = (long) MARKS.getVolatile(page, slot + READER);
        boolean race = readers != 0
                && ((readers & MANY_GROUPS) != 0
                        || unordered(readers, me)
                        || ((readers & MANY_ITEMS) != 0 && epoch(readers) == epoch(me)));
        return race ? readers | READER_FLAG : NONE;
    }

    private long merge(long readers, long me) {
        if (readers == 0) {
            return me;
        }
        if ((readers & MANY_GROUPS) != 0) {
            return readers;
        }
        if (item(readers) / groupSize != item(me) / groupSize) {
            return readers | MANY_GROUPS;
        }
        if (epoch(readers) < epoch(me)) {
            return me;
        }
        return (int) readers == (int) me ? readers : readers | MANY_ITEMS;
    }

    private boolean unordered(long other, long me) {
        if ((int) other == (int) me) {
            return false;
        }
        return item(other) / groupSize != item(me) / groupSize || epoch(other) >= epoch(me);
    }

    private static long epoch(long mark) {
        return mark & EPOCH_MASK;
    }

    private long[] page(int index) {
        int number = index >>> PAGE_SHIFT;
        long @Nullable [] page = pages.get(number);
        if (page != null) {
            return page;
        }
        long[] fresh = new long[2 << PAGE_SHIFT];
        long @Nullable [] seen = pages.compareAndExchange(number, null, fresh);
        return seen == null ? fresh : seen;
    }
}
