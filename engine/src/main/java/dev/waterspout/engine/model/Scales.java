package dev.waterspout.engine.model;

/**
 * What hidden states and logits are multiplied by.
 *
 * @param embedding factor of embeddings
 * @param residual factor of what a half layer adds to the hidden state
 * @param logits factor of logits
 * @param logitCap soft cap of the logits, {@code cap x tanh(logit / cap)}; 0 for none
 */
public record Scales(float embedding, float residual, float logits, float logitCap) {
    /** No factor and no cap. */
    public static final Scales NONE = new Scales(1, 1, 1, 0);
}
