package dev.waterspout.engine.tornado;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Captures stderr of the thread that opened it, because TornadoVM prints the logs of kernel compilers there. Output of
 * other threads is not captured. One log may be open at a time.
 */
final class KernelLog implements AutoCloseable {
    private final PrintStream before = System.err;
    private final ByteArrayOutputStream collected = new ByteArrayOutputStream();

    KernelLog() {
        System.setErr(new PrintStream(new Split(before, collected), true, StandardCharsets.UTF_8));
    }

    /** {@return the captured text} */
    String text() {
        return collected.toString(StandardCharsets.UTF_8);
    }

    /** Prints the captured text to stderr. */
    void passOn() {
        before.print(text());
        before.flush();
    }

    /**
     * Writes the captured text, and a failure with its stack trace, to a new file in the folder for temporary files.
     *
     * @return the end of a message, with the path of the file; empty if the file cannot be written
     */
    String save(Throwable failure) {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        try {
            Path file = Files.createTempFile("waterspout-kernel-", ".log");
            Files.writeString(file, text() + trace);
            return "; the log is in " + file;
        } catch (IOException unwritten) {
            return "";
        }
    }

    @Override
    public void close() {
        System.setErr(before);
    }

    /** Sends the output of one thread to one stream, and the output of all other threads to another. */
    private static final class Split extends OutputStream {
        private final Thread own = Thread.currentThread();
        private final OutputStream others;
        private final OutputStream mine;

        Split(OutputStream others, OutputStream mine) {
            this.others = others;
            this.mine = mine;
        }

        private OutputStream stream() {
            return Thread.currentThread() == own ? mine : others;
        }

        @Override
        public void write(int b) throws IOException {
            stream().write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            stream().write(bytes, from, count);
        }

        @Override
        public void flush() throws IOException {
            stream().flush();
        }
    }
}
