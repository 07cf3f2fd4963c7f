package uk.ac.manchester.tornado.api.common;

import org.jspecify.annotations.Nullable;

/**
 * A call of a native library, made within a task graph by the provider of that name. The emulator has no native libraries:
 * it carries descriptors, and refuses their tasks.
 */
public class LibraryTaskDescriptor {
    private @Nullable String libraryName;
    private @Nullable String functionName;
    private Object[] parameters = {};
    private Access[] access = {};
    private @Nullable Object tuning;

    /** A descriptor of nothing yet. */
    public LibraryTaskDescriptor() {}

    /** Sets which provider is called. */
    public LibraryTaskDescriptor withLibrary(String libraryName) {
        this.libraryName = libraryName;
        return this;
    }

    /** Sets which of its functions is called. */
    public LibraryTaskDescriptor withFunction(String functionName) {
        this.functionName = functionName;
        return this;
    }

    /** Sets arrays and numbers to call it with. */
    public LibraryTaskDescriptor withParameters(Object[] parameters) {
        this.parameters = parameters;
        return this;
    }

    /** Sets what is done with each parameter. */
    public LibraryTaskDescriptor withAccess(Access[] access) {
        this.access = access;
        return this;
    }

    /** Attaches what the runtime passes on to the provider as it is. */
    public LibraryTaskDescriptor withTuning(Object tuning) {
        this.tuning = tuning;
        return this;
    }

    /** Which provider is called. */
    public @Nullable String getLibraryName() {
        return libraryName;
    }

    /** Which of its functions is called. */
    public @Nullable String getFunctionName() {
        return functionName;
    }

    /** Arrays and numbers to call it with. */
    public Object[] getParameters() {
        return parameters;
    }

    /** What is done with each parameter. */
    public Access[] getAccess() {
        return access;
    }

    /** What the provider gets as it is. */
    public @Nullable Object getTuning() {
        return tuning;
    }
}
