package dev.waterspout.engine.gguf;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open GGUF file of version 2 or 3, or all parts of one that was split. Headers are read and checked when it is
 * opened; the tensors' data stay in the memory mapping. Any number of threads may use it until it is closed, which ends
 * every segment that it gave out.
 */
public final class GgufFile implements AutoCloseable {
    /** The largest stream that {@link #read} copies: 256 MiB. */
    public static final long MAX_STREAM_BYTES = 256L << 20;

    private static final long SEGMENT_ALIGNMENT = 64;
    private static final int PIECE_BYTES = 1 << 20;
    private static final long READ_BYTES = 64L << 20;

    private final String name;
    private final Arena arena;
    private final List<GgufPart> parts;
    /** The open file behind each part; none if the file was read from a stream. */
    private final List<FileChannel> channels;
    /** The part that holds each tensor, by the tensor's name, in the order of the parts and their headers. */
    private final Map<String, GgufPart> holders = new LinkedHashMap<>();

    private GgufFile(String name, Arena arena, List<GgufPart> parts, List<FileChannel> channels) {
        this.channels = List.copyOf(channels);
        this.name = name;
        this.arena = arena;
        this.parts = List.copyOf(parts);
        for (GgufPart part : parts) {
            for (String tensor : part.header().tensors().keySet()) {
                GgufPart other = holders.putIfAbsent(tensor, part);
                if (other != null) {
                    throw new GgufException(
                            part.name(),
                            "has the tensor " + Printable.quote(tensor) + ", which " + other.name() + " has");
                }
            }
        }
    }

    /**
     * Maps a file and reads its header. A split file, {@code NAME-00001-of-00003.gguf}, is opened by any of its parts.
     *
     * @param path a regular file
     * @return the open file
     * @throws GgufException if the file cannot be read, is malformed, or has a version that is not supported, and if
     *     parts are missing or do not belong together
     */
    public static GgufFile open(Path path) {
        Arena arena = newArena();
        List<FileChannel> channels = new ArrayList<>();
        try {
            GgufPart given = map(path, arena, channels);
            List<GgufPart> parts = new ArrayList<>();
            for (Path part : GgufSplit.parts(path, given.header().metadata())) {
                parts.add(part.equals(path) ? given : map(part, arena, channels));
            }
            GgufSplit.check(parts);
            // The given part was opened first, wherever its place is.
            channels.add(parts.indexOf(given), channels.removeFirst());
            return new GgufFile(path.toString(), arena, parts, channels);
        } catch (RuntimeException e) {
            arena.close();
            closeAll(channels);
            throw e;
        }
    }

    private static void closeAll(List<FileChannel> channels) {
        for (FileChannel channel : channels) {
            try {
                channel.close();
            } catch (IOException unread) {
                // Nothing was written, so nothing is lost.
            }
        }
    }

    /** Files that are mapped stay open: their size can be asked for, also where another file has taken the name. */
    @SuppressWarnings("MustBeClosedChecker") // the channels are closed with the file
    private static GgufPart map(Path path, Arena arena, List<FileChannel> channels) {
        String name = path.toString();
        if (Files.isDirectory(path)) {
            throw new GgufException(name, "is a directory, not a GGUF file");
        }
        if (!Files.exists(path)) {
            throw new GgufException(name, "there is no such file");
        }
        // A pipe would block here, and a device cannot be mapped.
        if (!Files.isRegularFile(path)) {
            throw new GgufException(name, "is not a regular file");
        }
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            channels.add(channel);
            return GgufPart.read(name, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (AccessDeniedException e) {
            throw new GgufException(name, "there is no permission to read it", e);
        } catch (IOException e) {
            throw new GgufException(name, "cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Reads the whole file into memory. Nothing that happens to the file afterwards matters to the copy.
     *
     * @return the copy, open; this file may be closed
     * @throws GgufException if the file cannot be read, or became shorter since it was opened
     */
    public GgufFile copy() {
        Arena copies = newArena();
        try {
            List<GgufPart> copied = new ArrayList<>();
            for (int i = 0; i < channels.size(); i++) {
                GgufPart part = parts.get(i);
                MemorySegment bytes = copies.allocate(part.file().byteSize(), SEGMENT_ALIGNMENT);
                read(part.name(), channels.get(i), bytes);
                copied.add(GgufPart.read(part.name(), bytes));
            }
            GgufSplit.check(copied);
            return new GgufFile(name, copies, copied, List.of());
        } catch (RuntimeException | OutOfMemoryError e) {
            copies.close();
            throw e;
        }
    }

    private static void read(String name, FileChannel channel, MemorySegment bytes) {
        long at = 0;
        while (at < bytes.byteSize()) {
            ByteBuffer next = bytes.asSlice(at, Math.min(READ_BYTES, bytes.byteSize() - at))
                    .asByteBuffer();
            int count;
            try {
                count = channel.read(next, at);
            } catch (IOException e) {
                throw new GgufException(name, "cannot be read: " + e.getMessage(), e);
            }
            if (count < 0) {
                throw new GgufException(
                        name, "was cut to " + at + " bytes while it was read; it had " + bytes.byteSize());
            }
            at += count;
        }
    }

    /**
     * Returns the SHA-256 of the header, the metadata and the tensor table (of all parts), in hexadecimal: which model
     * this is.
     */
    public String digest() {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            parts.forEach(part -> sha.update(part.headerBytes().asByteBuffer()));
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException impossible) { // every Java platform has it
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Copies a stream, such as an embedded resource, into off-heap memory and reads the header of the file in it.
     *
     * @param name name in error messages
     * @param in the file's bytes, at most {@link #MAX_STREAM_BYTES}; read to its end and left open
     * @return the open file
     * @throws GgufException if the stream cannot be read or is too long, or as {@link #open} does
     */
    public static GgufFile read(String name, InputStream in) {
        return read(name, in, MAX_STREAM_BYTES);
    }

    static GgufFile read(String name, InputStream in, long maxBytes) {
        Arena arena = newArena();
        try {
            return of(name, copy(name, in, maxBytes, arena), arena);
        } catch (IOException e) {
            arena.close();
            throw new GgufException(name, "cannot be read: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** Reads the header of a file in memory; the arena is closed with the file. */
    static GgufFile of(String name, MemorySegment bytes, Arena arena) {
        GgufPart part = GgufPart.read(name, bytes);
        GgufSplit.requireWhole(part);
        return new GgufFile(name, arena, List.of(part), List.of());
    }

    // The arena outlives this call: the open file owns it and close() closes it.
    @SuppressWarnings("MustBeClosedChecker")
    private static Arena newArena() {
        return Arena.ofShared();
    }

    private static MemorySegment copy(String name, InputStream in, long maxBytes, Arena arena) throws IOException {
        List<byte[]> pieces = new ArrayList<>();
        long size = 0;
        byte[] piece;
        do {
            piece = in.readNBytes(PIECE_BYTES);
            if (piece.length > maxBytes - size) {
                throw new GgufException(name, "is longer than the " + maxBytes + " bytes allowed for a stream");
            }
            pieces.add(piece);
            size += piece.length;
        } while (piece.length == PIECE_BYTES);
        MemorySegment bytes = arena.allocate(size, SEGMENT_ALIGNMENT);
        long end = 0;
        for (byte[] next : pieces) {
            MemorySegment.copy(next, 0, bytes, ValueLayout.JAVA_BYTE, end, next.length);
            end += next.length;
        }
        return bytes;
    }

    /** The path, or the name given to {@link #read}. */
    public String name() {
        return name;
    }

    /** The version of the format: 2 or 3. */
    public int version() {
        return parts.getFirst().header().version();
    }

    /** Returns the number of files: 1 unless the file is split. */
    public int parts() {
        return parts.size();
    }

    /** The size of the whole file, of all parts where it was split. */
    public long fileBytes() {
        return parts.stream().mapToLong(part -> part.file().byteSize()).sum();
    }

    /** The metadata, those of the first part where it was split; stays valid after the file is closed. */
    public GgufMetadata metadata() {
        return parts.getFirst().header().metadata();
    }

    /** The tensors, in the order of the header; unmodifiable. */
    public Collection<GgufTensor> tensors() {
        return parts.stream()
                .flatMap(part -> part.header().tensors().values().stream())
                .toList();
    }

    /** Finds a tensor by its name. */
    public Optional<GgufTensor> tensor(String tensorName) {
        return Optional.ofNullable(holders.get(tensorName))
                .map(part -> part.header().tensors().get(tensorName));
    }

    /**
     * The bytes of a tensor, straight from the mapping.
     *
     * @param tensor one of this file's
     * @return a read-only segment of {@link GgufTensor#bytes()} bytes, valid until this file is closed
     * @throws IllegalArgumentException if the tensor is not one of this file's
     */
    public MemorySegment data(GgufTensor tensor) {
        GgufPart part = holders.get(tensor.name());
        if (part == null || !tensor.equals(part.header().tensors().get(tensor.name()))) {
            throw new IllegalArgumentException(
                    "tensor=" + Printable.quote(tensor.name()) + " must be one of the tensors of " + name);
        }
        return part.file().asSlice(tensor.offset(), tensor.bytes());
    }

    /**
     * Checks that no part has become shorter since it was opened: the memory behind its end is gone, and reading it
     * ends the program.
     *
     * @throws GgufException that names the part and both sizes
     */
    public void requireUncut() {
        for (int i = 0; i < channels.size(); i++) {
            GgufPart part = parts.get(i);
            long bytes;
            try {
                bytes = channels.get(i).size();
            } catch (IOException unknown) { // a thread that was interrupted meanwhile has closed the channel
                continue;
            }
            if (bytes < part.file().byteSize()) {
                throw new GgufException(
                        part.name(),
                        "was cut to " + bytes + " bytes while it was used; it had "
                                + part.file().byteSize());
            }
        }
    }

    /** Unmaps the file; closing again does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            closeAll(channels);
        }
    }
}
