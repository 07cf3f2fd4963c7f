package dev.waterspout.engine.cli.print;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * Standard output for results. Unlike an ordinary print writer it does not hide failures of its stream; they end the
 * command.
 */
public final class StandardOutput extends OutputStream {
    private final OutputStream stream;

    /** @param stream receives the bytes */
    StandardOutput(OutputStream stream) {
        this.stream = stream;
    }

    /** Returns a writer of UTF-8 to the process's standard output. */
    public static PrintWriter writer() {
        return writer(new FileOutputStream(FileDescriptor.out));
    }

    /**
     * Returns a writer of UTF-8 whose failures are not hidden.
     *
     * @param stream receives the bytes
     */
    public static PrintWriter writer(OutputStream stream) {
        return new PrintWriter(new OutputStreamWriter(new StandardOutput(stream), StandardCharsets.UTF_8), false);
    }

    @Override
    public void write(int value) {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        try {
            stream.write(bytes, offset, length);
        } catch (IOException failure) {
            throw new OutputException(failure);
        }
    }

    @Override
    public void flush() {
        try {
            stream.flush();
        } catch (IOException failure) {
            throw new OutputException(failure);
        }
    }

    /** Standard output cannot be written. */
    public static final class OutputException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param cause the system's reason */
        OutputException(IOException cause) {
            super("standard output cannot be written: " + cause.getMessage(), cause);
        }

        /** Returns whether the reader of a pipe has closed it, which is not an error. */
        public boolean readerLeft() {
            return String.valueOf(getMessage()).contains("Broken pipe");
        }
    }
}
