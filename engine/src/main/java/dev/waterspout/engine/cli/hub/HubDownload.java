package dev.waterspout.engine.cli.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;

/**
 * Downloads one file. The bytes are written to {@code NAME.part}, which is renamed when its size and SHA-256 are
 * right. An interrupted download is resumed, after a broken connection or by a later process. A lock on the part file
 * lets one process at a time write it.
 */
final class HubDownload {
    private static final int HASHED_BYTES = 1 << 20;
    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int NOT_SATISFIABLE = 416;

    private final HubSettings settings;
    private final HubHttp http;
    private final HubProgress progress;

    HubDownload(HubSettings settings, HubHttp http, HubProgress progress) {
        this.settings = settings;
        this.http = http;
        this.progress = progress;
    }

    /** Returns whether a file exists with its full size. */
    static boolean complete(HubFile file, Path target) {
        return Files.isRegularFile(target) && target.toFile().length() == file.size();
    }

    /**
     * Downloads a file unless it exists.
     *
     * @param file name, size and digest that the hub reports
     * @param source its address
     * @param target receives the result
     * @throws HubException if the hub does not have it, the disk is full, the connection breaks repeatedly, or size or
     *     digest differ from the hub's
     */
    void run(HubFile file, URI source, Path target) throws IOException {
        if (complete(file, target)) {
            return;
        }
        Path folder = Objects.requireNonNull(target.getParent());
        Files.createDirectories(folder);
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try (FileChannel channel =
                FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.lock(); // released when the channel is closed
            if (complete(file, target)) {
                // Another process had the lock and finished.
                Files.deleteIfExists(part);
                return;
            }
            requireRoom(file, folder, channel.size());
            boolean resumed = channel.size() > 0;
            fill(file, source, channel);
            if (resumed && !digestMatches(file, channel)) {
                // The part file belongs to another version of the file: downloads again from the beginning.
                channel.truncate(0);
                fill(file, source, channel);
            }
            requireDigest(file, channel);
            channel.force(true);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (OverlappingFileLockException elsewhere) {
            throw new HubException(file.path() + " is being downloaded by this process already", elsewhere);
        }
    }

    private static void requireRoom(HubFile file, Path folder, long there) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        long needed = file.size() - there;
        if (needed > free) {
            throw new HubException("%s needs %.1f MB more, and the file system of %s has %.1f MB free"
                    .formatted(file.path(), needed / 1e6, folder, free / 1e6));
        }
    }

    /** Completes the part file. A broken connection is opened again as long as attempts gain bytes. */
    private void fill(HubFile file, URI source, FileChannel channel) throws IOException {
        int failures = 0;
        while (channel.size() != file.size()) {
            if (channel.size() > file.size()) {
                channel.truncate(0);
            }
            long before = channel.size();
            try {
                request(file, source, channel);
                if (channel.size() < file.size()) {
                    throw new IOException("the answer ended early");
                }
            } catch (HubException final_) {
                throw final_;
            } catch (IOException broken) {
                failures = channel.size() > before ? 1 : failures + 1;
                if (failures >= settings.tries()) {
                    throw new HubException(
                            "%s broke off at %d of %d bytes, %d times in a row: %s; the next start continues there"
                                    .formatted(file.path(), channel.size(), file.size(), failures, broken.getMessage()),
                            broken);
                }
                pause(failures);
            }
        }
    }

    private void request(HubFile file, URI source, FileChannel channel) throws IOException {
        long have = channel.size();
        Map<String, String> headers = have > 0 ? Map.of("Range", "bytes=" + have + "-") : Map.of();
        HubHttp.Pulse pulse = new HubHttp.Pulse();
        BodyHandler<Void> toFile = info -> {
            boolean continued = info.statusCode() == PARTIAL && starts(info, have);
            boolean whole = info.statusCode() == OK;
            if (!continued && !whole) {
                return BodySubscribers.replacing(null);
            }
            Sink sink = new Sink(file, channel, continued ? have : 0, pulse);
            return BodySubscribers.ofByteArrayConsumer(bytes -> bytes.ifPresent(sink::write));
        };
        HttpResponse<Void> answer = http.get(source, headers, toFile, pulse);
        if (answer.statusCode() == NOT_SATISFIABLE) {
            channel.truncate(0);
            throw new IOException("the server has fewer bytes than are here");
        }
        HubHttp.requireStatus(
                answer.statusCode(), source, "there is no file " + file.path() + " on the hub", OK, PARTIAL);
    }

    private static boolean starts(HttpResponse.ResponseInfo info, long at) {
        return info.headers().firstValue("Content-Range").orElse("").startsWith("bytes " + at + "-");
    }

    /** Writes received bytes to their position in the file. */
    private final class Sink {
        private final HubFile file;
        private final FileChannel channel;
        private final HubHttp.Pulse pulse;
        private long at;

        private Sink(HubFile file, FileChannel channel, long at, HubHttp.Pulse pulse) {
            this.file = file;
            this.channel = channel;
            this.at = at;
            this.pulse = pulse;
            try {
                channel.truncate(at);
            } catch (IOException failure) {
                throw new UncheckedIOException(unwritable(failure));
            }
        }

        private void write(byte[] bytes) {
            pulse.beat();
            try {
                if (bytes.length > file.size() - at) {
                    throw new HubException(file.path() + " is longer than the " + file.size() + " bytes announced");
                }
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    at += channel.write(rest, at);
                }
            } catch (HubException refused) {
                throw new UncheckedIOException(refused);
            } catch (IOException failure) {
                throw new UncheckedIOException(unwritable(failure));
            }
            progress.show(file.path(), at, file.size());
        }
    }

    /** A failure of this machine, not of the connection, for which another attempt would not help. */
    private static HubException unwritable(IOException failure) {
        return new HubException("a download cannot be written: " + failure.getMessage(), failure);
    }

    private void pause(int failures) throws HubException {
        try {
            Thread.sleep(settings.pause().multipliedBy(1L << Math.min(failures - 1, 5)));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new HubException("the download was interrupted", stop);
        }
    }

    private static void requireDigest(HubFile file, FileChannel channel) throws IOException {
        if (!digestMatches(file, channel)) {
            String found = digest(channel);
            channel.truncate(0);
            throw new HubException(file.path() + " arrived with the SHA-256 " + found + "; the hub says "
                    + file.sha256().orElse("") + "; it was deleted");
        }
    }

    private static boolean digestMatches(HubFile file, FileChannel channel) throws IOException {
        return file.sha256().isEmpty() || file.sha256().get().equals(digest(channel));
    }

    private static String digest(FileChannel channel) throws IOException {
        MessageDigest sha;
        try {
            sha = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) { // every Java platform has it
            throw new IllegalStateException(impossible);
        }
        ByteBuffer buffer = ByteBuffer.allocate(HASHED_BYTES);
        long at = 0;
        for (int read = channel.read(buffer, at); read >= 0; read = channel.read(buffer, at)) {
            at += read;
            sha.update(buffer.flip());
            buffer.clear();
        }
        return HexFormat.of().formatHex(sha.digest());
    }
}
