package dev.waterspout.engine.bench;

import dev.waterspout.engine.gguf.GgufMetadata;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufValueType;
import dev.waterspout.engine.model.ModelConfig;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The shape of a published model, without its weights.
 *
 * @param label its name on the command line
 * @param architecture value of {@code general.architecture}
 * @param vocabulary tokens
 * @param tied whether the output head is the embedding table
 * @param keys metadata of the architecture, without its prefix
 */
public record ModelShape(String label, String architecture, int vocabulary, boolean tied, Map<String, GgufValue> keys) {
    private static final String NAME = "general.name";
    private static final String LAYERS = "block_count";

    /** Keeps the keys in their order. */
    public ModelShape {
        keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    }

    /**
     * Finds a shape.
     *
     * @param text a label, or a label, {@code @} and another number of layers
     * @throws IllegalArgumentException if it is unknown; the message lists the allowed values
     */
    public static ModelShape of(String text) {
        int at = text.indexOf('@');
        String label = at < 0 ? text : text.substring(0, at);
        ModelShape shape = ModelShapes.ALL.stream()
                .filter(each -> each.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("shape '" + text + "' is unknown; allowed are "
                        + ModelShapes.ALL.stream().map(ModelShape::label).collect(Collectors.joining(", "))
                        + ", and after an @ another number of layers"));
        return at < 0 ? shape : shape.withLayers(text.substring(at + 1));
    }

    private ModelShape withLayers(String text) {
        int layers;
        try {
            layers = Integer.parseInt(text);
        } catch (NumberFormatException notANumber) {
            layers = 0;
        }
        if (layers < 1) {
            throw new IllegalArgumentException(
                    "number of layers '" + text + "' of " + label + " is not a number above 0");
        }
        Map<String, GgufValue> other = new LinkedHashMap<>(keys);
        other.put(LAYERS, new GgufValue.Int(GgufValueType.UINT32, layers));
        return new ModelShape(label + "@" + layers, architecture, vocabulary, tied, other);
    }

    /** Returns the metadata of a file of this shape, without a vocabulary. */
    Map<String, GgufValue> metadata() {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", new GgufValue.Text(architecture));
        metadata.put(NAME, new GgufValue.Text(label + " of random weights"));
        keys.forEach((key, value) -> metadata.put(architecture + "." + key, value));
        return metadata;
    }

    /** Returns the configuration of a model of this shape. */
    public ModelConfig config() {
        Map<String, GgufValue> metadata = metadata();
        metadata.put(NAME, new GgufValue.Text(label));
        return ModelConfig.from(new GgufMetadata(label, metadata), vocabulary);
    }
}
