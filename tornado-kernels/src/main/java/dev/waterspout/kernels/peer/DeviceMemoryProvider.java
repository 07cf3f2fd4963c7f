package dev.waterspout.kernels.peer;

import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * A library for TornadoVM's library tasks, which is how a program gets at the addresses of its arrays: it runs a {@link
 * DeviceMemoryTask} with them. TornadoVM finds it as a service.
 */
public final class DeviceMemoryProvider implements TornadoLibraryProvider {
    private static final String LIBRARY = "waterspout/device-memory";

    /** Nothing is kept per plan. */
    private static final class NoContext implements LibraryContext {}

    /** For the service loader. */
    public DeviceMemoryProvider() {}

    /** Describes a task to a graph: the arrays that it gets, and what it does with each. */
    static LibraryTaskDescriptor describe(String function, DeviceMemoryTask task, Access[] access, Object... arrays) {
        return new LibraryTaskDescriptor()
                .withLibrary(LIBRARY)
                .withFunction(function)
                .withParameters(arrays)
                .withAccess(access)
                .withTuning(task);
    }

    @Override
    public String libraryName() {
        return LIBRARY;
    }

    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return true;
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
        return new NoContext();
    }

    @Override
    public void dispatch(String functionName, LibraryInvocation invocation) {
        if (!(invocation.getTuning() instanceof DeviceMemoryTask task)) {
            throw new PeerException("library task " + functionName + " says nothing about what to do");
        }
        // Tasks are queued: the arrays are what the tasks before this one have made of them once the queue is empty.
        invocation.getDevice().sync(invocation.getExecutionPlanId());
        List<DeviceArray> arrays = new ArrayList<>();
        for (int index = 0; index < invocation.getNumArgs(); index++) {
            arrays.add(array(invocation, index));
        }
        task.run(arrays);
    }

    @Override
    public void destroyContext(LibraryContext context) {
        // It holds nothing.
    }

    private static DeviceArray array(LibraryInvocation invocation, int index) {
        if (!(invocation.getArg(index) instanceof TornadoNativeArray array)) {
            throw new PeerException("argument " + index + " of a library task is not an array");
        }
        TornadoXPUDevice device = invocation.getDevice();
        long context = 0;
        long stream = 0;
        if (device instanceof TornadoNativeStreamSupport streams) {
            context = streams.getNativeContext(invocation.getExecutionPlanId());
            stream = streams.getNativeStream(invocation.getExecutionPlanId());
        }
        // What is called a device pointer is the handle or address of the whole array plus the size of its header.
        long base = invocation.getDevicePointer(index) - TornadoNativeArray.ARRAY_HEADER;
        return new DeviceArray(
                device.getTornadoVMBackend(),
                device.getDeviceContext().getDeviceIndex(),
                base,
                array.getSegment().byteSize(),
                context,
                stream);
    }
}
