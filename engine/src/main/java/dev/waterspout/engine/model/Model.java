package dev.waterspout.engine.model;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufException;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufTensor;
import dev.waterspout.engine.tokenizer.Tokenizer;
import dev.waterspout.engine.tokenizer.TokenizerException;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A validated GGUF file of a model that this engine can run: every required tensor exists with the shape that the
 * metadata gives and a supported type, and there are no unknown tensors. Weights stay in the file mapping.
 */
public final class Model implements AutoCloseable {
    static final String EMBEDDING = "token_embd.weight";
    static final String OUTPUT = "output.weight";
    static final String OUTPUT_NORM = "output_norm.weight";
    static final String OUTPUT_NORM_BIAS = "output_norm.bias";
    private static final String ROPE_FACTORS = "rope_freqs.weight";
    private static final String ROPE_FACTORS_LONG = "rope_factors_long.weight";
    private static final String ROPE_FACTORS_SHORT = "rope_factors_short.weight";

    private static final Pattern EXPERT_STACK =
            Pattern.compile("blk\\.\\d+\\.ffn_(gate|up|down|gate_up)_exps\\.weight");
    private static final Pattern SINGLE_EXPERT = Pattern.compile("blk\\.\\d+\\.ffn_(gate|up|down)\\.\\d+\\.weight");

    private final GgufFile file;
    private final ModelConfig config;
    private final Tokenizer tokenizer;
    private final Consumer<ModelException> problems;

    /**
     * Validates a file.
     *
     * @param file stays open while the model is used; closed by {@link #close()}
     * @throws ModelException if it is not a model that this engine can run
     * @throws dev.waterspout.engine.gguf.GgufException if a metadata key has a wrong type
     * @throws dev.waterspout.engine.tokenizer.TokenizerException if its vocabulary is of an unknown kind
     */
    public Model(GgufFile file) {
        this(file, problem -> {
            throw problem;
        });
    }

    /** Validates a file. Problems that do not prevent further checks go to {@code problems}, which may throw them. */
    private Model(GgufFile file, Consumer<ModelException> problems) {
        this.file = file;
        this.problems = problems;
        FileKind.other(file).ifPresent(kind -> {
            throw new ModelException(kind);
        });
        GgufTensor embedding = require(EMBEDDING);
        if (embedding.dimensions().size() != 2) {
            throw new ModelException(
                    EMBEDDING + " has " + embedding.dimensions().size() + " dimensions; it must have 2");
        }
        if (embedding.rows() > Integer.MAX_VALUE) {
            throw new ModelException(
                    EMBEDDING + " has " + embedding.rows() + " rows; at most " + Integer.MAX_VALUE + " are supported");
        }
        this.config = ModelConfig.from(
                file.metadata(), Math.toIntExact(embedding.dimensions().get(1)));
        checkExperts();
        checkTensors();
        this.tokenizer = Tokenizer.from(file.metadata());
        int tokens = tokenizer.vocabulary().size();
        if (tokens > config.vocabulary()) {
            throw new ModelException("the vocabulary has " + tokens + " tokens, and " + EMBEDDING + " has only "
                    + config.vocabulary() + " rows");
        }
    }

    /**
     * Returns all reasons why this engine cannot run a file. Checks that depend on a missing part are omitted.
     *
     * @param file any GGUF file; stays open
     * @return one sentence each; empty if {@link #Model(GgufFile)} accepts the file
     */
    public static List<String> problems(GgufFile file) {
        Set<String> sentences = new LinkedHashSet<>();
        attempt(() -> FileKind.other(file).map(sentences::add), sentences);
        if (!sentences.isEmpty()) {
            return List.copyOf(sentences);
        }
        attempt(() -> new Model(file, problem -> sentences.add(String.valueOf(problem.getMessage()))), sentences);
        attempt(() -> Tokenizer.from(file.metadata()), sentences);
        return List.copyOf(sentences);
    }

    private static void attempt(Supplier<?> check, Set<String> sentences) {
        try {
            var _ = check.get();
        } catch (ModelException | GgufException | TokenizerException problem) {
            sentences.add(String.valueOf(problem.getMessage()));
        }
    }

    /** Returns the file. */
    public GgufFile file() {
        return file;
    }

    /** Returns the shape. */
    public ModelConfig config() {
        return config;
    }

    /** Returns the tokenizer. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** Returns the embedding table, {@code [vocabulary][width]}. */
    public WeightMatrix embedding() {
        return matrix(EMBEDDING);
    }

    /**
     * Returns the output head, {@code [vocabulary][width]}: a separate tensor, or the embedding table if the embeddings
     * are tied.
     */
    public WeightMatrix output() {
        return matrix(tied() ? EMBEDDING : OUTPUT);
    }

    /** Returns whether the output head is the embedding table. */
    public boolean tied() {
        return file.tensor(OUTPUT).isEmpty();
    }

    /** Returns the final norm's weight, f32 {@code [width]}. */
    public MemorySegment outputNorm() {
        return file.data(require(OUTPUT_NORM));
    }

    /** Returns the final norm's bias, f32 {@code [width]}, if it has one. */
    public Optional<MemorySegment> outputNormBias() {
        return file.tensor(OUTPUT_NORM_BIAS).map(file::data);
    }

    /**
     * Returns the divisors of the rotary frequencies, f32 {@code [rope dimensions / 2]}, if the file has them: the
     * factors of Llama 3.1, or those of LongRoPE (arXiv 2402.13753), which differ for contexts up to the trained one
     * and longer ones.
     *
     * @param context positions of the KV cache
     */
    public Optional<MemorySegment> ropeFactors(int context) {
        String byContext = context > config.unscaledContext() ? ROPE_FACTORS_LONG : ROPE_FACTORS_SHORT;
        return file.tensor(ROPE_FACTORS).or(() -> file.tensor(byContext)).map(file::data);
    }

    /**
     * Returns whether a layer has a tensor, separately or as a part of a fused one.
     *
     * @param role role of the tensor
     * @param layer index of the layer, from 0
     */
    public boolean has(TensorRole role, int layer) {
        return own(role, layer) || containerOf(role, layer) != null;
    }

    /**
     * Returns a matrix of a layer.
     *
     * @param role a matrix
     * @param layer index of the layer, from 0
     */
    public WeightMatrix matrix(TensorRole role, int layer) {
        TensorRole container = containerOf(role, layer);
        if (container == null) {
            return matrix(config.architecture().name(role, layer));
        }
        int from = start(role, container);
        return matrix(config.architecture().name(container, layer)).rowSlice(from, from + config.size(role.rows()));
    }

    /**
     * Returns the role of a tensor of the file in a layer.
     *
     * @param name name of the tensor
     * @param layer index of the layer, from 0
     * @return empty if it is not a tensor of the layer
     */
    public Optional<TensorRole> role(String name, int layer) {
        return Stream.of(TensorRole.values())
                .filter(role -> config.presence(role, layer) != Presence.NEVER)
                .filter(role -> config.architecture().name(role, layer).equals(name))
                .findFirst();
    }

    /**
     * Returns the matrices of a layer's experts or heads. If they are {@link #isTransposed transposed}, their rows are
     * the columns of the role.
     *
     * @param role {@link TensorRole#isStack() a stack} that the layer has
     * @param layer index of the layer, from 0
     */
    public List<WeightMatrix> matrices(TensorRole role, int layer) {
        TensorRole container = containerOf(role, layer);
        if (container != null) {
            return ofHeads(role, matrix(container, layer));
        }
        WeightMatrix all = matrix(role, layer);
        int rows = config.size(role.rows());
        return IntStream.range(0, all.rows() / rows)
                .mapToObj(each -> all.rowSlice(each * rows, (each + 1) * rows))
                .toList();
    }

    /** Selects rows of every head from a tensor in which the rows of a head's key precede those of its value. */
    private List<WeightMatrix> ofHeads(TensorRole role, WeightMatrix both) {
        int plain = config.size(Extent.PLAIN);
        int each = plain + config.size(Extent.VALUE);
        int from = role == TensorRole.ATTN_K_B ? 0 : plain;
        int to = role == TensorRole.ATTN_K_B ? plain : each;
        return IntStream.range(0, config.heads())
                .mapToObj(head -> both.rowSlice(head * each + from, head * each + to))
                .toList();
    }

    /**
     * Returns whether a file has the matrices of heads transposed: in a combined tensor of keys and values, key
     * matrices project latent vectors to heads, and not queries to the latent space.
     *
     * @param role {@link TensorRole#isStack() a stack} that the layer has
     * @param layer index of the layer, from 0
     */
    public boolean isTransposed(TensorRole role, int layer) {
        return role == TensorRole.ATTN_K_B && containerOf(role, layer) != null;
    }

    /**
     * Returns a vector of a layer, f32.
     *
     * @param role a norm or a bias
     * @param layer index of the layer, from 0
     * @return empty if this model has none
     */
    public Optional<MemorySegment> vector(TensorRole role, int layer) {
        TensorRole container = containerOf(role, layer);
        if (container != null) {
            long from = (long) start(role, container) * Float.BYTES;
            return file.tensor(config.architecture().name(container, layer))
                    .map(tensor -> file.data(tensor).asSlice(from, (long) config.size(role.columns()) * Float.BYTES));
        }
        return own(role, layer)
                ? file.tensor(config.architecture().name(role, layer)).map(file::data)
                : Optional.empty();
    }

    /** Returns whether the layer has a separate tensor of this role. */
    private boolean own(TensorRole role, int layer) {
        return config.presence(role, layer) != Presence.NEVER
                && file.tensor(config.architecture().name(role, layer)).isPresent();
    }

    private @Nullable TensorRole containerOf(TensorRole role, int layer) {
        TensorRole container = role.container();
        return container != null && own(container, layer) ? container : null;
    }

    /** Returns the first row or element of a part in a fused tensor. */
    private int start(TensorRole role, TensorRole container) {
        int start = 0;
        for (TensorRole part : container.parts()) {
            if (part == role) {
                return start;
            }
            start += config.size(part.isVector() ? part.columns() : part.rows());
        }
        throw new IllegalStateException(role + " is no part of " + container);
    }

    /**
     * Returns the largest block of weights that a row of a matrix has in any layer. Block sizes are powers of two, so
     * boundaries at its multiples split no block.
     *
     * @param role the matrix
     */
    public int largestBlock(TensorRole role) {
        return IntStream.range(0, config.layers())
                .filter(layer -> has(role, layer))
                .map(layer -> matrix(role, layer).format().blockElements())
                .max()
                .orElse(1);
    }

    @Override
    public void close() {
        file.close();
    }

    private GgufTensor require(String name) {
        return file.tensor(name).orElseThrow(() -> new ModelException("tensor " + name + " is missing"));
    }

    private WeightMatrix matrix(String name) {
        GgufTensor tensor = require(name);
        WeightFormat format = format(tensor);
        int columns = Math.toIntExact(tensor.dimensions().getFirst());
        int rows = Math.toIntExact(tensor.elements() / columns); // of all experts or heads together
        return new WeightMatrix(file.data(tensor), format, rows, columns, format.rowBytes(columns));
    }

    private static WeightFormat format(GgufTensor tensor) {
        return tensor.type()
                .weights()
                .orElseThrow(() -> new ModelException("tensor " + tensor.name() + " has type " + tensor.type()
                        + "; supported are "
                        + Stream.of(WeightFormat.values()).map(Enum::name).collect(Collectors.joining(", "))));
    }

    /**
     * Refuses a file in which the number of experts in the metadata contradicts the presence of experts' tensors.
     */
    private void checkExperts() {
        String key = config.architecture().ggufName() + ".expert_count";
        Optional<String> single = tensorName(SINGLE_EXPERT);
        if (single.isPresent()) {
            throw new ModelException("tensor " + single.get()
                    + " holds one expert; only files that hold all experts of a layer in one tensor are supported");
        }
        Optional<String> stack = tensorName(EXPERT_STACK);
        if (config.experts() != null && stack.isEmpty()) {
            throw new ModelException(
                    key + " is " + config.experts().count() + ", and the file has no tensors of experts");
        }
        if (config.experts() == null && stack.isPresent()) {
            throw new ModelException(key + " is missing or 0, or architecture '"
                    + config.architecture().ggufName()
                    + "' has no experts, and the file has tensors of experts such as "
                    + stack.get());
        }
    }

    private Optional<String> tensorName(Pattern pattern) {
        return file.tensors().stream()
                .map(GgufTensor::name)
                .filter(name -> pattern.matcher(name).matches())
                .findFirst();
    }

    private void checkTensors() {
        Set<String> known = new HashSet<>();
        checkMatrix(known, EMBEDDING, config.vocabulary(), config.width());
        checkVector(known, OUTPUT_NORM, config.width());
        if (!tied()) {
            checkMatrix(known, OUTPUT, config.vocabulary(), config.width());
        }
        int turned = config.traits().stream()
                .map(LayerTraits::rope)
                .mapToInt(rope -> rope == null ? 0 : rope.dimensions())
                .max()
                .orElse(0);
        checkOptionalVector(known, ROPE_FACTORS, turned / 2);
        checkOptionalVector(known, ROPE_FACTORS_LONG, turned / 2);
        checkOptionalVector(known, ROPE_FACTORS_SHORT, turned / 2);
        if (config.architecture().norm() == NormKind.LAYER) {
            checkOptionalVector(known, OUTPUT_NORM_BIAS, config.width());
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            for (TensorRole role : TensorRole.values()) {
                boolean required = config.presence(role, layer) == Presence.REQUIRED;
                if ((required || own(role, layer)) && containerOf(role, layer) == null) {
                    check(known, role, layer);
                }
            }
        }
        // An unused tensor means that the model computes something that this engine does not.
        for (GgufTensor tensor : file.tensors()) {
            if (!known.contains(tensor.name())) {
                fail("tensor " + tensor.name() + " has no place in architecture '"
                        + config.architecture().ggufName() + "' with " + config.layers() + " layers");
            }
        }
    }

    private void check(Set<String> known, TensorRole role, int layer) {
        String name = config.architecture().name(role, layer);
        int columns = config.size(role.columns());
        if (role.isVector()) {
            checkVector(known, name, columns);
        } else if (role.each() != null) {
            long rows = config.size(role.rows());
            checkShape(known, name, List.of((long) columns, rows, (long) config.size(role.each())));
            checkType(name);
        } else {
            checkMatrix(known, name, config.size(role.rows()), columns);
            if (role.isBias()) {
                requireFloats(name);
            }
        }
    }

    private void checkOptionalVector(Set<String> known, String name, int elements) {
        if (file.tensor(name).isPresent()) {
            checkVector(known, name, elements);
        }
    }

    private void checkMatrix(Set<String> known, String name, int rows, int columns) {
        checkShape(known, name, List.of((long) columns, (long) rows));
        checkType(name);
    }

    /** Refuses a type that has no kernel. */
    private void checkType(String name) {
        file.tensor(name).ifPresent(tensor -> {
            try {
                format(tensor);
            } catch (ModelException noKernel) {
                problems.accept(noKernel);
            }
        });
    }

    private void checkVector(Set<String> known, String name, int elements) {
        checkShape(known, name, List.of((long) elements));
        requireFloats(name);
    }

    private void requireFloats(String name) {
        file.tensor(name)
                .map(GgufTensor::type)
                .filter(type -> type != GgmlType.F32)
                .ifPresent(type -> fail("tensor " + name + " has type " + type + "; norms and biases must be F32"));
    }

    private void checkShape(Set<String> known, String name, List<Long> expected) {
        known.add(name);
        Optional<GgufTensor> tensor = file.tensor(name);
        if (tensor.isEmpty()) {
            fail("tensor " + name + " is missing");
        } else if (!tensor.get().dimensions().equals(expected)) {
            fail("tensor " + name + " has shape " + tensor.get().dimensions() + ", and the metadata calls for "
                    + expected);
        }
    }

    private void fail(String sentence) {
        problems.accept(new ModelException(sentence));
    }
}
