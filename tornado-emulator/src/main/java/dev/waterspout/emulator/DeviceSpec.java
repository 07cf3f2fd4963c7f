package dev.waterspout.emulator;

import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;

/**
 * The type and the limits of an emulated device.
 *
 * @param type device type that it reports
 * @param memoryBytes bytes of device memory, including the headers of arrays
 * @param maxWorkGroupSize largest number of work-items of a group
 * @param localMemoryBytes bytes of local memory of a group
 * @param raceDetection whether kernels are checked for races, and some of their groups for barriers at different call
 *     sites; bounds are always checked
 */
public record DeviceSpec(
        TornadoDeviceType type, long memoryBytes, int maxWorkGroupSize, long localMemoryBytes, boolean raceDetection) {
    private static final long DEFAULT_MEMORY = 4L << 30;

    /** Checks the limits. */
    public DeviceSpec {
        requirePositive("memory", memoryBytes);
        requirePositive("maximum work-group size", maxWorkGroupSize);
        requirePositive("local memory", localMemoryBytes);
    }

    /** A GPU of 4 GiB, groups of up to 1024 work-items and 48 KiB of local memory; races are detected. */
    public static DeviceSpec gpu() {
        return new DeviceSpec(TornadoDeviceType.GPU, DEFAULT_MEMORY, 1024, 48 << 10, true);
    }

    /** A CPU of 4 GiB, groups of up to 4096 work-items and 2 MiB of local memory; races are detected. */
    public static DeviceSpec cpu() {
        return new DeviceSpec(TornadoDeviceType.CPU, DEFAULT_MEMORY, 4096, 2 << 20, true);
    }

    /** The same with another size of memory, in bytes. */
    public DeviceSpec withMemory(long bytes) {
        return new DeviceSpec(type, bytes, maxWorkGroupSize, localMemoryBytes, raceDetection);
    }

    /** The same with another limit on the work-items of a group. */
    public DeviceSpec withMaxWorkGroupSize(int items) {
        return new DeviceSpec(type, memoryBytes, items, localMemoryBytes, raceDetection);
    }

    /** The same with another size of local memory, in bytes. */
    public DeviceSpec withLocalMemory(long bytes) {
        return new DeviceSpec(type, memoryBytes, maxWorkGroupSize, bytes, raceDetection);
    }

    /** The same without race detection, for large runs. */
    public DeviceSpec withoutRaceDetection() {
        return new DeviceSpec(type, memoryBytes, maxWorkGroupSize, localMemoryBytes, false);
    }

    private static void requirePositive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " is " + value + ", must be positive");
        }
    }
}
