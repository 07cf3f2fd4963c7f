package dev.waterspout.emulator.kernel;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** Checks the accesses of one work-item to one argument: bounds, and races with other work-items. */
public final class ArrayAccess {
    private final WorkItem item;
    private final Launch launch;
    private final int argument;
    private final int size;
    private final @Nullable Shadow shadow;

    ArrayAccess(WorkItem item, Launch launch, int argument, int size, @Nullable Shadow shadow) {
        this.item = item;
        this.launch = launch;
        this.argument = argument;
        this.size = size;
        this.shadow = shadow;
    }

    /** Called before an element is read. */
    public void read(int index) {
        if (index < 0 || index >= size) {
            throw outOfBounds("reads", index);
        }
        if (shadow != null) {
            long other = shadow.read(index, item.mark());
            if (other != Shadow.NONE) {
                throw race(index, "reads", "writes", other);
            }
        }
    }

    /** Called before an element is written. */
    public void write(int index) {
        if (index < 0 || index >= size) {
            throw outOfBounds("writes", index);
        }
        if (shadow != null) {
            long other = shadow.write(index, item.mark());
            if (other != Shadow.NONE) {
                throw race(index, "writes", Shadow.isReader(other) ? "reads" : "writes", other);
            }
        }
    }

    private TornadoRuntimeException outOfBounds(String verb, int index) {
        return new TornadoRuntimeException(
                launch.describe(argument) + ": " + item.describe() + " " + verb + " element " + index + " of " + size);
    }

    private TornadoRuntimeException race(int index, String verb, String otherVerb, long other) {
        int otherId = Shadow.item(other);
        String who = otherId == item.id() ? "another work-item" : launch.grid().describe(otherId);
        return new TornadoRuntimeException(launch.describe(argument) + ": race on element " + index + ": "
                + item.describe() + " " + verb + " it and " + who + " " + otherVerb
                + " it, with no globalBarrier between them (a barrier orders work-items of one group only)");
    }
}
