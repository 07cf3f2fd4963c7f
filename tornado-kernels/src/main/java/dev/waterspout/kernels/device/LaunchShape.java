package dev.waterspout.kernels.device;

/**
 * The numbers of work-items of a launch and of its work-groups. Shapes are checked before a launch, because TornadoVM
 * only prints a line when a driver refuses a launch, and leaves the results unchanged.
 *
 * @param globalX items in the first dimension
 * @param globalY items in the second dimension
 * @param localX items of a group in the first dimension
 * @param localY items of a group in the second dimension
 */
public record LaunchShape(long globalX, long globalY, long localX, long localY) {
    /** Checks that the groups fill the launch. */
    public LaunchShape {
        if (globalX < 1 || globalY < 1 || localX < 1 || localY < 1) {
            throw new IllegalArgumentException(
                    text(globalX, globalY, localX, localY) + ": there is at least 1 item in each");
        }
        if (globalX % localX != 0 || globalY % localY != 0) {
            throw new IllegalArgumentException(
                    text(globalX, globalY, localX, localY) + ": groups must divide the items in both dimensions");
        }
    }

    /**
     * Returns a shape of at least these work-items, in work-groups of this size.
     *
     * @param itemsX items needed in the first dimension
     * @param itemsY items needed in the second dimension
     * @param localX items of a group in the first dimension
     * @param localY items of a group in the second dimension
     */
    public static LaunchShape covering(long itemsX, long itemsY, long localX, long localY) {
        return new LaunchShape(
                Math.ceilDiv(itemsX, localX) * localX, Math.ceilDiv(itemsY, localY) * localY, localX, localY);
    }

    /**
     * Checks that a device can launch this shape.
     *
     * @param task name of the task, for the error message
     * @param limits limits of the device
     * @throws IllegalArgumentException if a work-group is too large; the message has both sizes
     */
    public void requireFits(String task, DeviceLimits limits) {
        if (localX * localY > limits.groupItems() || localX > limits.groupX() || localY > limits.groupY()) {
            throw new IllegalArgumentException("task " + task + " needs groups of " + localX + " x " + localY
                    + " items, but the device takes at most " + limits.groupItems() + ", and " + limits.groupX() + " x "
                    + limits.groupY() + " by dimension");
        }
        if (globalX > Integer.MAX_VALUE || globalY > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "task " + task + " needs " + globalX + " x " + globalY + " items: kernels count to 2^31 - 1");
        }
    }

    private static String text(long globalX, long globalY, long localX, long localY) {
        return "launch of " + globalX + " x " + globalY + " items in groups of " + localX + " x " + localY;
    }
}
