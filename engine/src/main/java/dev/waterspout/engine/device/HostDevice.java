package dev.waterspout.engine.device;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.kernels.host.HostKernels;
import jdk.incubator.vector.FloatVector;

/** The CPU through the Vector API: the device that every machine has. */
public final class HostDevice {
    private HostDevice() {}

    /** Returns the device. */
    public static Device get() {
        String details = cores() + " cores, " + FloatVector.SPECIES_PREFERRED.vectorBitSize() + "-bit vectors";
        return new Device("host", details, false, HostShard.factory(HostKernels.vector()), null);
    }

    /** Returns the cores that the JVM may use. */
    public static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }
}
