package dev.waterspout.kernels.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** Captures the output of the process's native code on stdout and stderr, which bypasses Java's streams. */
final class NativeOutput implements AutoCloseable {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int OWNER_ONLY = 0600;

    private final Path file;
    private final int savedOut;
    private final int savedErr;

    private NativeOutput(Path file, int savedOut, int savedErr) {
        this.file = file;
        this.savedOut = savedOut;
        this.savedErr = savedErr;
    }

    /** Redirects both to a file until {@link #finish}. */
    static NativeOutput capture() {
        try (Arena arena = Arena.ofConfined()) {
            Path file = Files.createTempFile("native-output", ".txt");
            int savedOut = (int) LibC.DUP.invokeExact(STDOUT);
            int savedErr = (int) LibC.DUP.invokeExact(STDERR);
            int target = (int) LibC.CREAT.invokeExact(arena.allocateFrom(file.toString()), OWNER_ONLY);
            redirect(target, STDOUT);
            redirect(target, STDERR);
            close(target);
            return new NativeOutput(file, savedOut, savedErr);
        } catch (Throwable e) {
            throw new IllegalStateException("cannot capture native output", e);
        }
    }

    /** {@return the captured output} */
    String finish() {
        restore();
        try {
            String text = Files.readString(file);
            Files.delete(file);
            return text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        if (Files.exists(file)) {
            finish();
        }
    }

    private void restore() {
        try {
            int flushed = (int) LibC.FFLUSH.invokeExact(MemorySegment.NULL);
            if (flushed != 0) {
                throw new IllegalStateException("fflush failed");
            }
            redirect(savedOut, STDOUT);
            redirect(savedErr, STDERR);
            close(savedOut);
            close(savedErr);
        } catch (Throwable e) {
            throw new IllegalStateException("cannot restore native output", e);
        }
    }

    private static void redirect(int from, int to) throws Throwable {
        if ((int) LibC.DUP2.invokeExact(from, to) < 0) {
            throw new IllegalStateException("dup2 of " + from + " to " + to + " failed");
        }
    }

    private static void close(int descriptor) throws Throwable {
        if ((int) LibC.CLOSE.invokeExact(descriptor) != 0) {
            throw new IllegalStateException("close of " + descriptor + " failed");
        }
    }

    private static final class LibC {
        private static final Linker LINKER = Linker.nativeLinker();
        private static final SymbolLookup LOOKUP = LINKER.defaultLookup();
        static final MethodHandle DUP =
                handle("dup", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle DUP2 =
                handle("dup2", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle CLOSE =
                handle("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle CREAT =
                handle("creat", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        static final MethodHandle FFLUSH =
                handle("fflush", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

        // The five functions are called with the types that POSIX gives them.
        @SuppressWarnings("restricted")
        private static MethodHandle handle(String name, FunctionDescriptor type) {
            return LINKER.downcallHandle(LOOKUP.findOrThrow(name), type);
        }
    }
}
