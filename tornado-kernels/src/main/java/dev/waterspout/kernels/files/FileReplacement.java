package dev.waterspout.kernels.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

/** Writes a file as a whole: the old content stays until the new one is complete. */
public final class FileReplacement {
    /** Files that are being written. They are removed on SIGTERM and SIGINT. */
    private static final Set<Path> UNFINISHED = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(FileReplacement::removeUnfinished, "unfinished-files"));
    }

    /** Wraps the channel of every file; tests use it to simulate failures. */
    private static volatile UnaryOperator<WritableByteChannel> layer = UnaryOperator.identity();

    private FileReplacement() {}

    /** Puts a layer between the content and every file that is opened from now on. */
    static void layer(UnaryOperator<WritableByteChannel> between) {
        layer = between;
    }

    private static void removeUnfinished() {
        for (Path file : UNFINISHED) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException left) {
                // The process ends, so the failure cannot be reported.
            }
        }
    }

    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes it.
         *
         * @param file an empty file; a call may take fewer bytes than it is given
         * @throws IOException if it cannot be written
         */
        void writeTo(WritableByteChannel file) throws IOException;
    }

    /**
     * Writes a file in the target's folder, and then moves it to the target. Its permissions are those that the process
     * gives to new files (the umask). A target that exists and is no regular file, such as {@code /dev/null}, is
     * written in place; a link stays, and the file that it names is replaced.
     *
     * @param target the file to replace, or to make
     * @param content writes the new content
     * @throws IOException that names the target, if its folder does not exist or the file cannot be written; the target
     *     is unchanged then
     */
    public static void write(Path target, Content content) throws IOException {
        try {
            replace(target, content);
        } catch (FileSystemException named) {
            throw named.getFile() != null && named.getFile().equals(target.toString())
                    ? named
                    : failed(target, Objects.requireNonNullElse(named.getReason(), named.toString()), named);
        } catch (IOException unnamed) {
            // A channel's message for a failed write is the system's, such as "No space left on device", without the
            // file's name.
            throw failed(target, Objects.requireNonNullElse(unnamed.getMessage(), unnamed.toString()), unnamed);
        } catch (RuntimeException wrapped) { // writers of JSON throw no IOException
            if (wrapped.getCause() instanceof IOException cause) {
                throw failed(target, Objects.requireNonNullElse(cause.getMessage(), cause.toString()), cause);
            }
            throw wrapped;
        }
    }

    /**
     * Replaces a file by a text in UTF-8.
     *
     * @param target see {@link #write}
     * @param text the new content
     * @throws IOException as in {@link #write}
     */
    public static void writeText(Path target, String text) throws IOException {
        write(target, file -> writeFully(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), file));
    }

    /**
     * Writes all of a buffer, however few bytes a call takes.
     *
     * @param bytes the bytes to write
     * @param file the file to write
     * @throws IOException if it cannot be written
     */
    public static void writeFully(ByteBuffer bytes, WritableByteChannel file) throws IOException {
        while (bytes.hasRemaining()) {
            var _ = file.write(bytes);
        }
    }

    private static void fill(Path file, Content content, OpenOption... options) throws IOException {
        try (WritableByteChannel channel = layer.apply(FileChannel.open(file, options))) {
            content.writeTo(channel);
        }
    }

    private static FileSystemException failed(Path target, String reason, IOException cause) {
        FileSystemException failure = new FileSystemException(target.toString(), null, reason);
        failure.initCause(cause);
        return failure;
    }

    private static void replace(Path target, Content content) throws IOException {
        boolean link = Files.isSymbolicLink(target);
        if (Files.exists(target) ? !Files.isRegularFile(target) : link) {
            fill(target, content, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            return;
        }
        if (link) {
            replace(target.toRealPath(), content);
            return;
        }
        Path folder = Objects.requireNonNullElse(target.toAbsolutePath().getParent(), target);
        if (!Files.isDirectory(folder)) {
            throw new FileSystemException(target.toString(), null, "there is no folder " + folder);
        }
        // Files.createTempFile would make a file that only its owner can read.
        String suffix = Long.toHexString(ThreadLocalRandom.current().nextLong());
        Path written = folder.resolve(target.getFileName() + "." + suffix + ".part");
        UNFINISHED.add(written);
        try {
            Files.createFile(written);
            // Without CREATE: a process that ends may have removed the file meanwhile.
            fill(written, content, StandardOpenOption.WRITE);
            Files.move(written, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(written);
            UNFINISHED.remove(written);
        }
    }
}
