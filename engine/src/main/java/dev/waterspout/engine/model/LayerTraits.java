package dev.waterspout.engine.model;

import org.jspecify.annotations.Nullable;

/**
 * What one layer computes, beyond its tensors.
 *
 * @param scoreScale factor of the scores before the softmax
 * @param scoreCap soft cap of the scores, {@code cap x tanh(score / cap)}; 0 for none
 * @param window number of the latest positions that a token attends to, its own included; 0 for all
 * @param rope the rotary embedding, or null for none
 * @param experts whether a mixture of experts takes the FFN's place
 */
public record LayerTraits(
        float scoreScale,
        float scoreCap,
        int window,
        @Nullable RopeConfig rope,
        boolean experts) {}
