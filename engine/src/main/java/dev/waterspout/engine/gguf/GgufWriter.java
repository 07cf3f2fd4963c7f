package dev.waterspout.engine.gguf;

import dev.waterspout.kernels.files.FileReplacement;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes GGUF files of version 3: metadata and tensors in the order in which they were added. Data are pulled from a
 * callback while the file is written, so that a tensor need never be in memory whole.
 */
public final class GgufWriter {
    private static final long CHUNK_BYTES = 1L << 30;

    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
    private final Map<String, Source> tensors = new LinkedHashMap<>();
    private int alignment = GgufHeader.DEFAULT_ALIGNMENT;

    /** Where the next tensor starts, counted from the start of the data, as all offsets are here. */
    private long nextOffset;

    /** Writes the data of one tensor. */
    @FunctionalInterface
    public interface TensorData {
        /**
         * Hands over all bytes of the tensor, in order, in any number of pieces.
         *
         * @param sink receives the results
         * @throws IOException as the sink does
         */
        void writeTo(Sink sink) throws IOException;
    }

    /** Takes the data of one tensor. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Writes a piece; the segment may be reused afterwards.
         *
         * @param bytes the next bytes; pieces of some hundred kilobytes are fast
         * @throws IOException if the file cannot be written
         * @throws IllegalArgumentException if the tensor would become larger than it was declared
         */
        void write(MemorySegment bytes) throws IOException;
    }

    private record Source(GgufTensor tensor, TensorData data) {}

    /**
     * Adds a metadata value. The key {@code general.alignment} also sets the alignment of the data, 32 by default.
     *
     * @param key key, not empty and not used yet
     * @param value any value
     * @return this
     */
    public GgufWriter put(String key, GgufValue value) {
        checkName("key", key);
        if (metadata.containsKey(key)) {
            throw new IllegalArgumentException("key=" + Printable.quote(key) + " must be new, but is there already");
        }
        if (key.equals(GgufHeader.ALIGNMENT_KEY)) {
            if (!tensors.isEmpty()) {
                throw new IllegalArgumentException("key=" + key + " must come before the first tensor");
            }
            alignment = alignment(value);
        }
        metadata.put(key, value);
        return this;
    }

    /** Adds a string, as {@link #put(String, GgufValue)} does. */
    public GgufWriter put(String key, String value) {
        return put(key, new GgufValue.Text(value));
    }

    /** Adds a bool, as {@link #put(String, GgufValue)} does. */
    public GgufWriter put(String key, boolean value) {
        return put(key, new GgufValue.Bool(value));
    }

    /** Adds a uint32, as {@link #put(String, GgufValue)} does; the value is 0 to 2^32 - 1. */
    public GgufWriter put(String key, long value) {
        return put(key, new GgufValue.Int(GgufValueType.UINT32, value));
    }

    /** Adds a float32, as {@link #put(String, GgufValue)} does. */
    public GgufWriter put(String key, float value) {
        return put(key, new GgufValue.Real(GgufValueType.FLOAT32, value));
    }

    /** Adds an array of strings, as {@link #put(String, GgufValue)} does. */
    public GgufWriter put(String key, List<String> values) {
        return put(key, new GgufValue.Strings(values));
    }

    /**
     * Adds a tensor.
     *
     * @param name name of the tensor, not empty and not used yet
     * @param type tensor type of the elements
     * @param dimensions 1 to 4 positive sizes, columns first; columns are a multiple of the type's block
     * @param data writes the bytes; their number must match type and dimensions
     * @return this
     */
    public GgufWriter tensor(String name, GgmlType type, List<Long> dimensions, TensorData data) {
        checkName("name", name);
        long bytes = GgufTensor.bytes(
                type,
                dimensions,
                problem -> new IllegalArgumentException("tensor " + Printable.quote(name) + " " + problem));
        GgufTensor tensor = new GgufTensor(name, type, dimensions, nextOffset, bytes);
        if (tensors.putIfAbsent(name, new Source(tensor, data)) != null) {
            throw new IllegalArgumentException("name=" + Printable.quote(name) + " must be new, but is there already");
        }
        nextOffset = GgufHeader.align(nextOffset + bytes, alignment);
        return this;
    }

    /**
     * Writes the file.
     *
     * @param path created, or overwritten
     * @throws IOException if it cannot be written
     * @throws IllegalArgumentException if a tensor's data have not the size declared
     */
    public void write(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            write(channel);
        }
    }

    /**
     * Writes the file to a channel and leaves it open.
     *
     * @param channel a blocking channel
     * @throws IOException if it cannot be written
     * @throws IllegalArgumentException if a tensor's data have not the size declared
     */
    public void write(WritableByteChannel channel) throws IOException {
        FileReplacement.writeFully(ByteBuffer.wrap(header()), channel);
        for (Source source : tensors.values()) {
            GgufTensor tensor = source.tensor;
            long[] written = {0};
            source.data.writeTo(bytes -> {
                if (bytes.byteSize() > tensor.bytes() - written[0]) {
                    throw wrongSize(tensor, "more");
                }
                written[0] += bytes.byteSize();
                for (long start = 0; start < bytes.byteSize(); start += CHUNK_BYTES) {
                    long size = Math.min(CHUNK_BYTES, bytes.byteSize() - start);
                    FileReplacement.writeFully(bytes.asSlice(start, size).asByteBuffer(), channel);
                }
            });
            if (written[0] != tensor.bytes()) {
                throw wrongSize(tensor, "only " + written[0]);
            }
            int padding = (int) (GgufHeader.align(tensor.bytes(), alignment) - tensor.bytes());
            FileReplacement.writeFully(ByteBuffer.allocate(padding), channel);
        }
    }

    private byte[] header() {
        HeaderBytes out = new HeaderBytes();
        out.int32(GgufHeader.MAGIC);
        out.int32(GgufHeader.NEWEST_VERSION);
        out.int64(tensors.size());
        out.int64(metadata.size());
        metadata.forEach((key, value) -> {
            out.string(key);
            out.int32(value.type().id());
            out.value(value);
        });
        for (Source source : tensors.values()) {
            GgufTensor tensor = source.tensor;
            out.string(tensor.name());
            out.int32(tensor.dimensions().size());
            tensor.dimensions().forEach(out::int64);
            out.int32(tensor.type().id());
            out.int64(tensor.offset());
        }
        out.pad((int) (GgufHeader.align(out.size(), alignment) - out.size()));
        return out.toByteArray();
    }

    private static int alignment(GgufValue value) {
        if (value instanceof GgufValue.Int number
                && number.type() == GgufValueType.UINT32
                && GgufHeader.isAlignment(number.bits())) {
            return (int) number.bits();
        }
        throw new IllegalArgumentException(GgufHeader.ALIGNMENT_KEY + "=" + value.render()
                + " must be a uint32 power of two from " + GgufHeader.MIN_ALIGNMENT + " to "
                + GgufHeader.MAX_ALIGNMENT);
    }

    private static void checkName(String what, String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > GgufHeader.MAX_NAME_BYTES) {
            throw new IllegalArgumentException(
                    what + " must have 1 to " + GgufHeader.MAX_NAME_BYTES + " bytes, but has " + bytes);
        }
    }

    private static IllegalArgumentException wrongSize(GgufTensor tensor, String found) {
        return new IllegalArgumentException("the data of tensor " + Printable.quote(tensor.name()) + " must have "
                + tensor.bytes() + " bytes, but have " + found);
    }
}
