package dev.waterspout.engine.bench;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.engine.model.TensorShape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.function.Function;

/** Model files of any size whose weights are zeros that take no space on the disk. */
public final class SparseModel {
    private static final long PIECE = 1 << 20;

    private SparseModel() {}

    /**
     * Writes a file with the header of a whole model.
     *
     * @param shape the model's shape
     * @param types the type of each tensor
     * @param path the file
     */
    public static void write(ModelShape shape, Function<TensorShape, GgmlType> types, Path path) throws IOException {
        GgufWriter writer = new GgufWriter();
        shape.metadata().forEach(writer::put);
        SyntheticModel.putVocabulary(writer, shape.vocabulary());
        try (Arena arena = Arena.ofConfined();
                RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            MemorySegment zeros = arena.allocate(PIECE);
            for (TensorShape tensor : TensorShape.of(shape.config(), shape.tied())) {
                GgmlType type = types.apply(tensor);
                long elements = tensor.dimensions().stream().reduce(1L, Math::multiplyExact);
                long bytes = elements / type.blockElements() * type.blockBytes();
                writer.tensor(tensor.name(), type, tensor.dimensions(), sink -> {
                    for (long at = 0; at < bytes; at += PIECE) {
                        sink.write(zeros.asSlice(0, Math.min(PIECE, bytes - at)));
                    }
                });
            }
            Header header = new Header(file);
            writer.write(header);
            file.setLength(header.length);
        }
    }

    /** Writes the first bytes, and counts all that follow. */
    private static final class Header implements WritableByteChannel {
        private final RandomAccessFile file;
        private long length;

        Header(RandomAccessFile file) {
            this.file = file;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            int count = bytes.remaining();
            if (length == 0) {
                file.getChannel().write(bytes.duplicate());
            }
            bytes.position(bytes.limit());
            length += count;
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
