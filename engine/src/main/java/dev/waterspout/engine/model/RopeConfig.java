package dev.waterspout.engine.model;

import dev.waterspout.engine.gguf.GgufMetadata;

/**
 * Rotary position embedding (arXiv 2104.09864).
 *
 * @param dimensions how many of a head's dimensions turn, even
 * @param base the wavelength base, theta
 * @param positionScale what a position is multiplied by: 1, or 1/factor with linear scaling (arXiv 2306.15595)
 */
public record RopeConfig(int dimensions, double base, double positionScale) {
    private static final double DEFAULT_BASE = 10_000;

    /** Reads the keys {@code <architecture>.rope.*}. */
    static RopeConfig from(GgufMetadata metadata, String prefix, int headDim) {
        long dimensions = metadata.integer(prefix + "rope.dimension_count").orElse(headDim);
        if (dimensions < 2 || dimensions > headDim || dimensions % 2 != 0) {
            throw new ModelException(prefix + "rope.dimension_count is " + dimensions
                    + "; allowed are even numbers from 2 to the head dimension " + headDim);
        }
        double base = metadata.real(prefix + "rope.freq_base").orElse(DEFAULT_BASE);
        if (!(base > 0) || Double.isInfinite(base)) {
            throw new ModelException(prefix + "rope.freq_base is " + base + "; it must be a positive number");
        }
        return new RopeConfig((int) dimensions, base, positionScale(metadata, prefix));
    }

    private static double positionScale(GgufMetadata metadata, String prefix) {
        double legacy = metadata.real(prefix + "rope.scale_linear").orElse(0);
        String type = metadata.string(prefix + "rope.scaling.type").orElse(legacy > 0 ? "linear" : "none");
        double factor = metadata.real(prefix + "rope.scaling.factor").orElse(legacy);
        return switch (type) {
            case "none" -> 1;
            // A factor of 0 stands for "no scaling" in real files.
            case "linear" -> factor > 0 ? 1 / factor : 1;
            default ->
                throw new ModelException(prefix + "rope.scaling.type '" + type
                        + "' is not supported; supported are none, linear, and llama3 through rope_freqs.weight");
        };
    }
}
