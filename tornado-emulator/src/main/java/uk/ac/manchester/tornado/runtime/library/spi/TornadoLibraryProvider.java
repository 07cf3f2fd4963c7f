package uk.ac.manchester.tornado.runtime.library.spi;

import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/** Calls a native library for the tasks that name it. */
public interface TornadoLibraryProvider {
    /** The library's name in tasks. */
    String libraryName();

    /** Whether it can be called for a device. */
    boolean canHandle(TornadoXPUDevice device);

    /** Creates the state of a plan on a device. */
    LibraryContext createContext(TornadoXPUDevice device, long executionPlanId);

    /** Calls a function. */
    void dispatch(String functionName, LibraryInvocation invocation);

    /** Frees the state that {@link #createContext} has created. */
    void destroyContext(LibraryContext context);
}
