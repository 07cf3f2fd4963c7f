package dev.waterspout.engine.model;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufMetadata;
import dev.waterspout.engine.gguf.Printable;
import java.util.Map;
import java.util.Optional;

/** Recognises GGUF files that do not hold a language model. */
final class FileKind {
    private static final String TYPE = "general.type";
    private static final String ARCHITECTURE = "general.architecture";

    /** Values of {@code general.type} of files without a model, with their descriptions. */
    private static final Map<String, String> TYPES = Map.of(
            "adapter", "an adapter (LoRA): it changes a language model that is loaded beside it",
            "mmproj", "a projector of a multimodal model: it turns images or sound into a language model's input",
            "imatrix", "an importance matrix: it steers how a language model is quantized",
            "vocab", "a vocabulary without a model");

    private FileKind() {}

    /**
     * Describes a file that holds no language model.
     *
     * @param file any GGUF file
     * @return one sentence that names the kind of file and the key that shows it; empty if the file may be a language
     *     model
     */
    static Optional<String> other(GgufFile file) {
        GgufMetadata metadata = file.metadata();
        String type = metadata.string(TYPE).orElse("model");
        String architecture = metadata.string(ARCHITECTURE).orElse("");
        if (TYPES.containsKey(type)) {
            return Optional.of(sentence(
                    file, type, TYPE + " is \"" + type + "\", " + ARCHITECTURE + " " + Printable.quote(architecture)));
        }
        if (architecture.equals("clip")) {
            return Optional.of(sentence(file, "mmproj", ARCHITECTURE + " is \"clip\""));
        }
        if (file.tensors().stream().anyMatch(tensor -> tensor.name().endsWith(".lora_a"))) {
            return Optional.of(sentence(file, "adapter", "its tensors are pairs lora_a and lora_b"));
        }
        boolean layers =
                file.tensors().stream().anyMatch(tensor -> tensor.name().startsWith("blk."));
        if (!layers && metadata.value("tokenizer.ggml.tokens").isPresent()) {
            return Optional.of(sentence(file, "vocab", "it has tokens, but no layers"));
        }
        return Optional.empty();
    }

    private static String sentence(GgufFile file, String type, String evidence) {
        return Printable.line(file.name()) + " holds no language model but " + TYPES.get(type) + " (" + evidence + ")";
    }
}
