package dev.waterspout.engine.model;

/**
 * Scales of hidden states and logits.
 *
 * @param embedding factor of embeddings
 * @param residual factor of the output of a half layer before it is added to the hidden state
 * @param logits factor of logits
 * @param logitCap soft cap of the logits, {@code cap x tanh(logit / cap)}; 0 for none
 */
public record Scales(float embedding, float residual, float logits, float logitCap) {
    /** No factor and no cap. */
    public static final Scales NONE = new Scales(1, 1, 1, 0);
}
