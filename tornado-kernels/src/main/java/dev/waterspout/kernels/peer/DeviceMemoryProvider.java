package dev.waterspout.kernels.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * A library for TornadoVM's library tasks, the only tasks that receive the device addresses of their arrays. It
 * passes them to a {@link DeviceMemoryTask}. TornadoVM finds it as a service.
 */
public final class DeviceMemoryProvider implements TornadoLibraryProvider {
    private static final String LIBRARY = "waterspout/device-memory";

    /** The driver, loaded when a task first runs on a CUDA device. */
    private static final class Driver {
        static final Optional<Cuda> CUDA = Cuda.load();
    }

    /** No state is kept per plan. */
    private static final class NoContext implements LibraryContext {}

    /** For the service loader. */
    public DeviceMemoryProvider() {}

    /** Describes a task to a graph: its arrays, and how it accesses each. */
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
            throw new PeerException("library task " + functionName + " has no task to run");
        }
        refuseCapture(functionName, invocation);
        List<DeviceArray> arrays = new ArrayList<>();
        for (int index = 0; index < invocation.getNumArgs(); index++) {
            arrays.add(array(invocation, index));
        }
        task.run(arrays);
    }

    /** Refuses a graph that is captured: replays would not run the task's code on the host. */
    private static void refuseCapture(String function, LibraryInvocation invocation) {
        TornadoXPUDevice device = invocation.getDevice();
        if (device.getTornadoVMBackend() == TornadoVMBackendType.CUDA
                && device instanceof TornadoNativeStreamSupport streams
                && Driver.CUDA.isPresent()
                && Driver.CUDA.get().captures(streams.getNativeStream(invocation.getExecutionPlanId()))) {
            throw new PeerException(
                    "library task " + function + " cannot be captured in a CUDA graph, whose replays would not run it");
        }
    }

    @Override
    public void destroyContext(LibraryContext context) {
        // There is nothing to release.
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
        // TornadoVM's device pointer is the handle or address of the whole array plus the size of its header.
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
