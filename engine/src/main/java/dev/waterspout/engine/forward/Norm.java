package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.NormKind;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A norm with its parameters.
 *
 * @param kind how a vector is normalized
 * @param weight f32, one per element
 * @param bias f32, one per element, or null
 * @param epsilon added to the mean square or the variance
 */
record Norm(NormKind kind, MemorySegment weight, @Nullable MemorySegment bias, float epsilon) {
    /** Returns the norm of a model with this weight, or null without a weight. */
    static @Nullable Norm of(ModelConfig config, @Nullable MemorySegment weight, @Nullable MemorySegment bias) {
        return weight == null ? null : new Norm(config.architecture().norm(), weight, bias, config.epsilon());
    }
}
