package dev.waterspout.engine.device;

import java.util.Collections;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/** The CPU through the Vector API: the device that every machine has. */
public final class HostDevice {
    /** What a user calls it. */
    public static final String NAME = "host";

    private HostDevice() {}

    /** Returns the cores that the JVM may use. */
    public static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    /** Returns the width of a vector register, in bits. */
    public static int vectorBits() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }

    /**
     * Gives every rank its device.
     *
     * @param names as listed by the user: none for the default, one for all ranks, or one per rank
     * @param ranks how many ranks
     * @return one name per rank
     * @throws DeviceException if a name is not a device of this machine, or if there are neither one nor as many as ranks
     */
    public static List<String> assign(List<String> names, int ranks) {
        for (String name : names) {
            if (!name.equals(NAME)) {
                throw new DeviceException("device '" + name + "' is not available; available is " + NAME);
            }
        }
        if (names.size() > 1 && names.size() != ranks) {
            throw new DeviceException(names.size() + " devices for " + ranks + " ranks; give one, or one per rank");
        }
        return Collections.nCopies(ranks, NAME);
    }
}
