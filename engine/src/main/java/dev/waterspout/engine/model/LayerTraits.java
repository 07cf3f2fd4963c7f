package dev.waterspout.engine.model;

import org.jspecify.annotations.Nullable;

/**
 * What one layer computes, beyond its tensors.
 *
 * @param scoreScale what scores are multiplied by before the softmax
 * @param scoreCap what scores are capped to, as {@code cap x tanh(score / cap)}; 0 for none
 * @param window how many of the latest positions a token sees, its own included; 0 for all
 * @param rope the rotary embedding, or null for none
 * @param experts whether a mixture of experts takes the FFN's place
 */
public record LayerTraits(
        float scoreScale,
        float scoreCap,
        int window,
        @Nullable RopeConfig rope,
        boolean experts) {}
