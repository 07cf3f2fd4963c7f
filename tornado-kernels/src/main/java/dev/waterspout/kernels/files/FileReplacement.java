package dev.waterspout.kernels.files;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/** Writes a file as a whole: the old content stays until the new one is complete. */
public final class FileReplacement {
    private FileReplacement() {}

    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes it.
         *
         * @param file an empty file
         * @throws IOException if it cannot be written
         */
        void writeTo(Path file) throws IOException;
    }

    /**
     * Writes a file in the target's folder, and then moves it to the target. Its permissions are those that the process gives to new
     * files (the umask). A target that exists and is no regular file, such as {@code /dev/null}, is written in place.
     *
     * @param target the file to replace, or to make
     * @param content writes the new content
     * @throws IOException that names the target, if its folder does not exist or the file cannot be written; the target is
     *     unchanged then
     */
    public static void write(Path target, Content content) throws IOException {
        try {
            replace(target, content);
        } catch (FileSystemException named) {
            throw named.getFile() != null && named.getFile().equals(target.toString())
                    ? named
                    : failed(target, Objects.requireNonNullElse(named.getReason(), named.toString()), named);
        } catch (IOException unnamed) {
            // Where a channel cannot write, the message is the system's alone, such as "No space left on device".
            throw failed(target, Objects.requireNonNullElse(unnamed.getMessage(), unnamed.toString()), unnamed);
        }
    }

    private static FileSystemException failed(Path target, String reason, IOException cause) {
        FileSystemException failure = new FileSystemException(target.toString(), null, reason);
        failure.initCause(cause);
        return failure;
    }

    private static void replace(Path target, Content content) throws IOException {
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            content.writeTo(target);
            return;
        }
        Path folder = Objects.requireNonNullElse(target.toAbsolutePath().getParent(), target);
        if (!Files.isDirectory(folder)) {
            throw new FileSystemException(target.toString(), null, "there is no folder " + folder);
        }
        // Files.createTempFile would make a file that only its owner can read.
        String suffix = Long.toHexString(ThreadLocalRandom.current().nextLong());
        Path written = Files.createFile(folder.resolve(target.getFileName() + "." + suffix + ".part"));
        try {
            content.writeTo(written);
            Files.move(written, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(written);
        }
    }
}
