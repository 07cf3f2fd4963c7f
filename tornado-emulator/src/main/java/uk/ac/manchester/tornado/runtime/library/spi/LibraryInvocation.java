package uk.ac.manchester.tornado.runtime.library.spi;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/** One call of a library, with its arguments as they are on the device. */
public final class LibraryInvocation {
    private final Object[] javaArgs;
    private final long[] devicePointers;
    private final boolean[] isReference;
    private final TornadoXPUDevice device;
    private final long executionPlanId;
    private final LibraryContext context;
    private final @Nullable Object tuning;

    /** A call. */
    public LibraryInvocation(
            Object[] javaArgs,
            long[] devicePointers,
            boolean[] isReference,
            TornadoXPUDevice device,
            long executionPlanId,
            LibraryContext context,
            @Nullable Object tuning) {
        this.javaArgs = javaArgs.clone();
        this.devicePointers = devicePointers.clone();
        this.isReference = isReference.clone();
        this.device = device;
        this.executionPlanId = executionPlanId;
        this.context = context;
        this.tuning = tuning;
    }

    /** The number of arguments. */
    public int getNumArgs() {
        return javaArgs.length;
    }

    /** An argument of the task: a number or an array. */
    public Object getArg(int index) {
        return javaArgs[index];
    }

    /** The device address of an array's elements, after its header. */
    public long getDevicePointer(int index) {
        return devicePointers[index];
    }

    /** Whether an argument is an array. */
    public boolean isReference(int index) {
        return isReference[index];
    }

    /** The device. */
    public TornadoXPUDevice getDevice() {
        return device;
    }

    /** The plan that is executed. */
    public long getExecutionPlanId() {
        return executionPlanId;
    }

    /** The provider's state for that plan on that device. */
    public LibraryContext getContext() {
        return context;
    }

    /** The object that the task has for the provider. */
    public @Nullable Object getTuning() {
        return tuning;
    }
}
