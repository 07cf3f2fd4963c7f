package dev.waterspout.engine.gguf;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * An open GGUF file of version 2 or 3. The header is read and checked when it is opened; the tensors' data stay in the
 * memory mapping. Any number of threads may use it until it is closed, which ends every segment that it gave out.
 */
public final class GgufFile implements AutoCloseable {
    /** The largest stream that {@link #read} copies: 256 MiB. */
    public static final long MAX_STREAM_BYTES = 256L << 20;

    private static final long SEGMENT_ALIGNMENT = 64;
    private static final int PIECE_BYTES = 1 << 20;

    private final String name;
    private final Arena arena;
    private final MemorySegment file;
    private final GgufHeader header;

    private GgufFile(String name, Arena arena, MemorySegment file) {
        this.name = name;
        this.arena = arena;
        this.file = file.asReadOnly();
        this.header = GgufHeader.read(name, this.file);
    }

    /**
     * Maps a file and reads its header.
     *
     * @param path a regular file
     * @return the open file
     * @throws GgufException if the file cannot be read, is malformed, or has a version that is not supported
     */
    public static GgufFile open(Path path) {
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
        Arena arena = newArena();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new GgufFile(name, arena, file);
        } catch (AccessDeniedException e) {
            arena.close();
            throw new GgufException(name, "there is no permission to read it", e);
        } catch (IOException e) {
            arena.close();
            throw new GgufException(name, "cannot be read: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** Returns the SHA-256 of the header, the metadata and the tensor table, in hexadecimal: which model this is. */
    public String digest() {
        long end = tensors().stream().mapToLong(GgufTensor::offset).min().orElse(file.byteSize());
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(file.asSlice(0, end).asByteBuffer());
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException impossible) { // every Java platform has it
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Copies a file that lies in a stream, such as an embedded resource, into off-heap memory and reads its header.
     *
     * @param name what messages call it
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
            return new GgufFile(name, arena, copy(name, in, maxBytes, arena));
        } catch (IOException e) {
            arena.close();
            throw new GgufException(name, "cannot be read: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
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
        return header.version();
    }

    /** The size of the whole file. */
    public long fileBytes() {
        return file.byteSize();
    }

    /** The metadata; stays valid after the file is closed. */
    public GgufMetadata metadata() {
        return header.metadata();
    }

    /** The tensors, in the order of the header; unmodifiable. */
    public Collection<GgufTensor> tensors() {
        return Collections.unmodifiableCollection(header.tensors().values());
    }

    /** Finds a tensor by its name. */
    public Optional<GgufTensor> tensor(String tensorName) {
        return Optional.ofNullable(header.tensors().get(tensorName));
    }

    /**
     * The bytes of a tensor, straight from the mapping.
     *
     * @param tensor one of this file's
     * @return a read-only segment of {@link GgufTensor#bytes()} bytes, valid until this file is closed
     * @throws IllegalArgumentException if the tensor is not one of this file's
     */
    public MemorySegment data(GgufTensor tensor) {
        if (!tensor.equals(header.tensors().get(tensor.name()))) {
            throw new IllegalArgumentException(
                    "tensor=" + Printable.quote(tensor.name()) + " must be one of the tensors of " + name);
        }
        return file.asSlice(tensor.offset(), tensor.bytes());
    }

    /** Unmaps the file; closing again does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
