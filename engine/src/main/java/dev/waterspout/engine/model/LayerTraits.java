package dev.waterspout.engine.model;

import org.jspecify.annotations.Nullable;

/**
 * The computations of one layer that its tensors do not determine.
 *
 * @param scoreScale factor of the scores before the softmax
 * @param scoreCap soft cap of the scores, {@code cap x tanh(score / cap)}; 0 for none
 * @param window number of the latest positions that a token attends to, its own included; 0 for all
 * @param rope the rotary embedding, or null for none
 * @param experts whether the layer has a mixture of experts in place of an FFN
 */
public record LayerTraits(
        float scoreScale,
        float scoreCap,
        int window,
        @Nullable RopeConfig rope,
        boolean experts) {}
