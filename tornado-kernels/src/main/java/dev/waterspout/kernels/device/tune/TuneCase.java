package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelShape;

/** A kernel and a shape to tune, with operands like those of a run. */
public sealed interface TuneCase permits LinearCase, AttentionCase, QuantizeCase, SumCase {
    /** {@return the shape that the graphs of a run are compiled for} */
    KernelShape shape();

    /** {@return the tokens of a timed launch, at most those of the shape} */
    int timedTokens();

    /** {@return the least number of bytes that a timed launch reads and writes} */
    long bytes();

    /**
     * {@return the number of multiplications and additions in the products of a timed launch; 0 if there are none}
     */
    long flops();

    /** {@return operands on the host; equal at every call, because their seed is fixed} */
    TuneOperands operands();
}
