package dev.waterspout.engine.lab.rotate;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufValueType;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelException;
import dev.waterspout.engine.model.NormKind;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.kernels.files.FileReplacement;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.HostScratch;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.parallel.WorkerPool;
import dev.waterspout.kernels.weights.WeightFormat;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes a model in another basis of its residual stream: the same function, up to rounding. RMSNorm without weights
 * does not change under rotations, since they keep lengths; so its weights are first multiplied into the matrices
 * that follow (SliceGPT, arXiv 2401.15024, section 3). With the basis R, one axis per row, and the weights g of the
 * norm before it:
 *
 * <pre>
 *   embedding                  E   becomes  E R^T
 *   Q, K, V, gate, up, head    W   becomes  W diag(g) R^T
 *   attention output, down     W   becomes  R W
 *   norms of the stream        g   becomes  1
 * </pre>
 *
 * Biases, norms of single heads and rotary factors act after the matrices that read the stream, and do not change. An
 * output head that shares the embedding's tensor gets its own tensor, because only the head follows a norm.
 */
public final class Rotation {
    private static final String EMBEDDING = "token_embd.weight";
    private static final String OUTPUT = "output.weight";
    private static final String OUTPUT_NORM = "output_norm.weight";
    private static final String FILE_TYPE = "general.file_type";
    private static final int BATCH = 256;

    private final Model model;
    private final int width;
    private final GgmlType type;
    private final HostKernels kernels = HostKernels.vector();

    /**
     * @param model stays open
     * @param type tensor type of the matrices in the file: F32, F16 or Q8_0
     */
    public Rotation(Model model, GgmlType type) {
        this.model = model;
        this.width = model.config().width();
        this.type = type;
        if (model.config().architecture().norm() == NormKind.LAYER) {
            throw new ModelException("architecture '" + model.config().architecture()
                    + "' cannot be rotated: its norms take a mean off, which is another in another basis");
        }
        for (GgufTensor tensor : model.file().tensors()) {
            long columns = tensor.dimensions().getFirst();
            if (tensor.dimensions().size() > 1 && columns % type.blockElements() != 0) {
                throw new ModelException("tensor " + tensor.name() + " has rows of " + columns + " weights; " + type
                        + " needs a multiple of " + type.blockElements());
            }
        }
    }

    /**
     * Writes the file as a whole: an existing file stays until the new one is complete.
     *
     * @param basis the new basis
     * @param threads number of threads
     * @param path the file
     * @throws IOException if it cannot be written
     */
    public void write(Basis basis, int threads, Path path) throws IOException {
        try (Arena arena = Arena.ofShared();
                WorkerPool pool = new WorkerPool(threads, "rotate")) {
            MemorySegment axes = arena.allocate((long) width * width * Float.BYTES, 64);
            for (int i = 0; i < width; i++) {
                for (int j = 0; j < width; j++) {
                    axes.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * width + j, (float) basis.component(i, j));
                }
            }
            Product product = new Product(
                    WeightMatrix.dense(axes, WeightFormat.F32, width, width), pool, new HostScratch[threads], arena);
            FileReplacement.write(path, writer(product)::write);
        }
    }

    private GgufWriter writer(Product product) {
        GgufWriter writer = new GgufWriter();
        for (String key : model.file().metadata().keys()) {
            GgufValue value = model.file().metadata().value(key).orElseThrow();
            writer.put(key, key.equals(FILE_TYPE) ? new GgufValue.Int(GgufValueType.UINT32, fileType()) : value);
        }
        for (GgufTensor tensor : model.file().tensors()) {
            add(writer, tensor, product);
        }
        if (model.tied()) {
            reader(writer, OUTPUT, model.output(), model.outputNorm(), product);
        }
        return writer;
    }

    /** {@return the value of GGUF's {@code general.file_type} for this type} */
    private long fileType() {
        return switch (type) {
            case F16 -> 1;
            case Q8_0 -> 7;
            default -> 0;
        };
    }

    private void add(GgufWriter writer, GgufTensor tensor, Product product) {
        String name = tensor.name();
        switch (name) {
            case EMBEDDING -> reader(writer, name, model.embedding(), null, product);
            case OUTPUT -> reader(writer, name, model.output(), model.outputNorm(), product);
            case OUTPUT_NORM -> ones(writer, tensor);
            default -> addOfLayer(writer, tensor, product);
        }
    }

    private void addOfLayer(GgufWriter writer, GgufTensor tensor, Product product) {
        for (int layer = 0; layer < model.config().layers(); layer++) {
            Optional<TensorRole> role = model.role(tensor.name(), layer);
            if (role.isPresent()) {
                add(writer, tensor, role.get(), layer, product);
                return;
            }
        }
        copy(writer, tensor); // frequency factors
    }

    private void add(GgufWriter writer, GgufTensor tensor, TensorRole role, int layer, Product product) {
        switch (role) {
            case ATTN_NORM, FFN_NORM -> ones(writer, tensor);
            case ATTN_Q, ATTN_K, ATTN_V ->
                reader(writer, tensor.name(), model.matrix(role, layer), norm(TensorRole.ATTN_NORM, layer), product);
            case FFN_GATE, FFN_UP ->
                reader(writer, tensor.name(), model.matrix(role, layer), norm(TensorRole.FFN_NORM, layer), product);
            case ATTN_OUTPUT, FFN_DOWN -> {
                WeightMatrix matrix = model.matrix(role, layer);
                writer.tensor(
                        tensor.name(),
                        type,
                        tensor.dimensions(),
                        sink -> product.ofColumns(matrix, rows -> write(rows, matrix.columns(), sink)));
            }
            case ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS, ATTN_Q_NORM, ATTN_K_NORM, FFN_GATE_BIAS, FFN_UP_BIAS ->
                copy(writer, tensor);
            default ->
                throw new ModelException("tensor " + tensor.name() + " cannot be rotated; models can whose layers have"
                        + " Llama's tensors, biases on Q, K, V, gate and up, and norms of heads");
        }
    }

    private MemorySegment norm(TensorRole role, int layer) {
        return model.vector(role, layer).orElseThrow();
    }

    /** Adds a matrix that reads the stream. It follows a norm, except the embedding. */
    private void reader(
            GgufWriter writer, String name, WeightMatrix matrix, @Nullable MemorySegment norm, Product product) {
        writer.tensor(
                name,
                type,
                List.of((long) width, (long) matrix.rows()),
                sink -> product.ofRows(matrix, norm, rows -> write(rows, width, sink)));
    }

    private void write(MemorySegment rows, int columns, GgufWriter.Sink sink) throws IOException {
        long count = rows.byteSize() / Float.BYTES;
        try (Arena arena = Arena.ofConfined()) {
            long piece = (long) BATCH * columns;
            MemorySegment stored = arena.allocate(type.bytes(piece), 64);
            for (long from = 0; from < count; from += piece) {
                long some = Math.min(piece, count - from);
                StoredRows.encode(type, rows.asSlice(from * Float.BYTES), some, stored);
                sink.write(stored.asSlice(0, type.bytes(some)));
            }
        }
    }

    private static void ones(GgufWriter writer, GgufTensor tensor) {
        int count = Math.toIntExact(tensor.elements());
        writer.tensor(tensor.name(), GgmlType.F32, tensor.dimensions(), sink -> sink.write(StoredRows.ones(count)));
    }

    private void copy(GgufWriter writer, GgufTensor tensor) {
        writer.tensor(
                tensor.name(),
                tensor.type(),
                tensor.dimensions(),
                sink -> sink.write(model.file().data(tensor)));
    }

    /** Receives rows of f32. */
    @FunctionalInterface
    private interface Rows {
        void take(MemorySegment rows) throws IOException;
    }

    /** Multiplies matrices by the basis, one batch of rows at a time. */
    private final class Product {
        private final WeightMatrix axes;
        private final WorkerPool pool;
        private final HostScratch[] scratch;
        /** Rows before and after the product, {@code [batch][width]}. */
        private final MemorySegment in;

        private final MemorySegment out;

        Product(WeightMatrix axes, WorkerPool pool, HostScratch[] scratch, Arena arena) {
            this.axes = axes;
            this.pool = pool;
            this.scratch = scratch;
            Arrays.setAll(scratch, worker -> new HostScratch());
            this.in = arena.allocate((long) BATCH * width * Float.BYTES, 64);
            this.out = arena.allocate(in.byteSize(), 64);
        }

        /** Computes out {@code [batch][width]}: the rows of in {@code [batch][width]} in the new basis. */
        private void rotate(int batch) {
            pool.run(width, 16, (worker, from, to) -> kernels.linear(axes, in, batch, out, from, to, scratch[worker]));
        }

        /** W diag(g) R^T, {@code [rows][width]}: every row is a vector of the stream. */
        void ofRows(WeightMatrix matrix, @Nullable MemorySegment norm, Rows sink) throws IOException {
            for (int from = 0; from < matrix.rows(); from += BATCH) {
                int batch = Math.min(BATCH, matrix.rows() - from);
                for (int row = 0; row < batch; row++) {
                    kernels.embed(matrix, from + row, in, (long) row * width * Float.BYTES);
                    for (int i = 0; i < width && norm != null; i++) {
                        long at = (long) row * width + i;
                        float weight = norm.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * Float.BYTES);
                        in.setAtIndex(ValueLayout.JAVA_FLOAT, at, weight * in.getAtIndex(ValueLayout.JAVA_FLOAT, at));
                    }
                }
                rotate(batch);
                sink.take(out.asSlice(0, (long) batch * width * Float.BYTES));
            }
        }

        /** R W, {@code [width][columns]}: every column is a vector of the stream. */
        void ofColumns(WeightMatrix matrix, Rows sink) throws IOException {
            int columns = matrix.columns();
            try (Arena arena = Arena.ofShared()) {
                MemorySegment whole = arena.allocate((long) width * columns * Float.BYTES, 64);
                for (int row = 0; row < width; row++) {
                    kernels.embed(matrix, row, whole, (long) row * columns * Float.BYTES);
                }
                for (int from = 0; from < columns; from += BATCH) {
                    int batch = Math.min(BATCH, columns - from);
                    for (int i = 0; i < batch; i++) {
                        for (int row = 0; row < width; row++) {
                            float weight = whole.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * columns + from + i);
                            in.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * width + row, weight);
                        }
                    }
                    rotate(batch);
                    for (int i = 0; i < batch; i++) {
                        for (int row = 0; row < width; row++) {
                            float weight = out.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * width + row);
                            whole.setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * columns + from + i, weight);
                        }
                    }
                }
                sink.take(whole);
            }
        }
    }
}
