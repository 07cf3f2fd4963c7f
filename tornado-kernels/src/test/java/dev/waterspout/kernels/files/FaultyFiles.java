package dev.waterspout.kernels.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Makes files that {@link FileReplacement} writes fail, for all threads; only for tests that run while no other test
 * does.
 */
public final class FaultyFiles implements AutoCloseable {
    private final Fault fault;
    private final long after;
    private int files;
    private int failures;

    /** Kind of fault. */
    public enum Fault {
        /** A call writes one byte, which is not a failure. */
        SHORT_WRITE(""),
        /** The device is full; the previous call writes the bytes that fit. */
        NO_SPACE("No space left on device"),
        /** The device fails. */
        IO_ERROR("Input/output error"),
        /** Only closing fails, as on a network file system with delayed writes. */
        FAILING_CLOSE("Stale file handle"),
        /** The heap is full. */
        OUT_OF_MEMORY("Java heap space"),
        /** The program has a bug. */
        DEFECT("a state that cannot be");

        private final String reason;

        Fault(String reason) {
            this.reason = reason;
        }

        private IOException failure() {
            return switch (this) {
                case OUT_OF_MEMORY -> throw new OutOfMemoryError(reason);
                case DEFECT -> throw new IllegalStateException(reason);
                case SHORT_WRITE, NO_SPACE, IO_ERROR, FAILING_CLOSE -> new IOException(reason);
            };
        }

        /** {@return the reason in the error message} */
        public String reason() {
            return reason;
        }
    }

    /**
     * Begins to inject a fault.
     *
     * @param after number of bytes of each file before the fault
     */
    public FaultyFiles(Fault fault, long after) {
        this.fault = fault;
        this.after = after;
        FileReplacement.layer(channel -> {
            files++;
            return new Channel(channel);
        });
    }

    /** {@return the number of opened files} */
    public int files() {
        return files;
    }

    /** {@return the number of injected failures} */
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
                case NO_SPACE, IO_ERROR, OUT_OF_MEMORY, DEFECT -> {
                    if (bytes.hasRemaining() && written == after) {
                        failures++;
                        throw fault.failure();
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
