package uk.ac.manchester.tornado.api.common;

import org.jspecify.annotations.Nullable;

/**
 * A call of a native library in a task graph, by the provider of that name. The emulator accepts descriptors, but
 * refuses their tasks, because it has no native libraries.
 */
public class LibraryTaskDescriptor {
    private @Nullable String libraryName;
    private @Nullable String functionName;
    private Object[] parameters = {};
    private Access[] access = {};
    private @Nullable Object tuning;

    /** An empty descriptor. */
    public LibraryTaskDescriptor() {}

    /** Sets the provider. */
    public LibraryTaskDescriptor withLibrary(String libraryName) {
        this.libraryName = libraryName;
        return this;
    }

    /** Sets the provider's function. */
    public LibraryTaskDescriptor withFunction(String functionName) {
        this.functionName = functionName;
        return this;
    }

    /** Sets the arguments: arrays and numbers. */
    public LibraryTaskDescriptor withParameters(Object[] parameters) {
        this.parameters = parameters;
        return this;
    }

    /** Sets the access to each parameter. */
    public LibraryTaskDescriptor withAccess(Access[] access) {
        this.access = access;
        return this;
    }

    /** Attaches an object that the runtime passes to the provider unchanged. */
    public LibraryTaskDescriptor withTuning(Object tuning) {
        this.tuning = tuning;
        return this;
    }

    /** The provider. */
    public @Nullable String getLibraryName() {
        return libraryName;
    }

    /** The provider's function. */
    public @Nullable String getFunctionName() {
        return functionName;
    }

    /** The arguments: arrays and numbers. */
    public Object[] getParameters() {
        return parameters;
    }

    /** The access to each parameter. */
    public Access[] getAccess() {
        return access;
    }

    /** The object for the provider. */
    public @Nullable Object getTuning() {
        return tuning;
    }
}
