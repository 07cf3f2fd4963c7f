package dev.waterspout.kernels.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Makes files that {@link FileReplacement} writes fail, for all threads; for tests that run alone. */
public final class FaultyFiles implements AutoCloseable {
    private final Fault fault;
    private final long after;
    private int files;
    private int failures;

    /** What goes wrong. */
    public enum Fault {
        /** A call takes one byte, which is no failure. */
        SHORT_WRITE("", false),
        /** The device is full; the call before that takes what fits. */
        NO_SPACE("No space left on device", false),
        /** The device fails. */
        IO_ERROR("Input/output error", false),
        /** Only closing fails, as where a network file system writes late. */
        FAILING_CLOSE("Stale file handle", false),
        /** The heap is full. */
        OUT_OF_MEMORY("Java heap space", true);

        private final String reason;
        private final boolean isError;

        Fault(String reason, boolean isError) {
            this.reason = reason;
            this.isError = isError;
        }

        /** {@return what the sentence about it says} */
        public String reason() {
            return reason;
        }
    }

    /**
     * Begins to inject a fault.
     *
     * @param after so many bytes of each file
     */
    public FaultyFiles(Fault fault, long after) {
        this.fault = fault;
        this.after = after;
        FileReplacement.layer(channel -> {
            files++;
            return new Channel(channel);
        });
    }

    /** {@return how many files were opened} */
    public int files() {
        return files;
    }

    /** {@return how many times something failed} */
    public int failures() {
        return failures;
    }

    @Override
    public void close() {
        FileReplacement.layer(channel -> channel);
    }

    private final class Channel implements WritableByteChannel {
        private final WritableByteChannel file;
        private long written;

        private Channel(WritableByteChannel file) {
            this.file = file;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            return switch (fault) {
                case SHORT_WRITE -> writeSome(bytes, 1);
                case NO_SPACE, IO_ERROR, OUT_OF_MEMORY -> {
                    if (bytes.hasRemaining() && written == after) {
                        failures++;
                        if (fault.isError) {
                            throw new OutOfMemoryError(fault.reason);
                        }
                        throw new IOException(fault.reason);
                    }
                    yield writeSome(bytes, after - written);
                }
                case FAILING_CLOSE -> file.write(bytes);
            };
        }

        private int writeSome(ByteBuffer bytes, long most) throws IOException {
            int end = bytes.limit();
            bytes.limit((int) Math.min(end, bytes.position() + most));
            try {
                int taken = file.write(bytes);
                written += taken;
                return taken;
            } finally {
                bytes.limit(end);
            }
        }

        @Override
        public boolean isOpen() {
            return file.isOpen();
        }

        @Override
        public void close() throws IOException {
            file.close();
            if (fault == Fault.FAILING_CLOSE) {
                failures++;
                throw new IOException(fault.reason);
            }
        }
    }
}
