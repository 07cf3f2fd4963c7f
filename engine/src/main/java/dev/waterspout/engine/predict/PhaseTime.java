package dev.waterspout.engine.predict;

import dev.waterspout.interconnect.policy.CommChoice;

/**
 * What a phase takes, in seconds. Quantize, transfer and sum are what each would take by itself; the exchange is less than
 * their sum where chunks overlap.
 *
 * @param choice how the largest exchange is done
 * @param tokens of the phase
 * @param compute of the slowest rank
 * @param quantize encoding of partials
 * @param transfer frames on the link
 * @param sum dequantize, sum and residual; of two steps also the reduction
 * @param exchange quantize, transfer and sum as they overlap
 * @param other orders and logits, which every pass exchanges besides
 */
public record PhaseTime(
        CommChoice choice,
        int tokens,
        double compute,
        double quantize,
        double transfer,
        double sum,
        double exchange,
        double other) {
    /** Returns the seconds of the phase. */
    public double seconds() {
        return compute + exchange + other;
    }

    /** Returns the tokens per second. */
    public double tokensPerSecond() {
        return tokens / seconds();
    }

    /** {@return both one after the other} */
    PhaseTime plus(PhaseTime next) {
        return new PhaseTime(
                choice,
                tokens + next.tokens,
                compute + next.compute,
                quantize + next.quantize,
                transfer + next.transfer,
                sum + next.sum,
                exchange + next.exchange,
                other + next.other);
    }
}
