package uk.ac.manchester.tornado.runtime.library.spi;

import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/** Calls a native library for the tasks that name it. */
public interface TornadoLibraryProvider {
    /** The name that tasks know the library by. */
    String libraryName();

    /** Whether it can be called for a device. */
    boolean canHandle(TornadoXPUDevice device);

    /** Makes what is kept for a plan on a device. */
    LibraryContext createContext(TornadoXPUDevice device, long executionPlanId);

    /** Calls a function. */
    void dispatch(String functionName, LibraryInvocation invocation);

    /** Frees what {@link #createContext} has made. */
    void destroyContext(LibraryContext context);
}
