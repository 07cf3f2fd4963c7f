package dev.waterspout.engine.lab.predict;

import dev.waterspout.interconnect.policy.CommChoice;

/**
 * The predicted time of a phase, in seconds. Quantize, transfer and sum are the times of each step by itself. The
 * time of the exchange is shorter than their sum if chunks overlap.
 *
 * @param choice choice for the largest exchange
 * @param tokens tokens of the phase
 * @param compute time of computation on the slowest rank
 * @param quantize encoding of partials
 * @param transfer frames on the link
 * @param sum dequantize, sum and add the residual; for two-step also the reduction
 * @param exchange quantize, transfer and sum, with their overlap; where parts of a pass overlap, only the time that
 *     exceeds the computation
 * @param other exchange of commands and logits, once per pass
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
    /** Returns the duration of the phase in seconds. */
    public double seconds() {
        return compute + exchange + other;
    }

    /** Returns the tokens per second. */
    public double tokensPerSecond() {
        return tokens / seconds();
    }

    /** {@return this phase with another time of the exchange beyond the computation} */
    PhaseTime withExchange(double seconds) {
        return new PhaseTime(choice, tokens, compute, quantize, transfer, sum, seconds, other);
    }

    /** {@return the time of both phases in sequence} */
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
