package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelShape;

/** A kernel and a shape that a model needs, with operands like those of a run. */
public sealed interface TuneCase permits LinearCase, AttentionCase, QuantizeCase, SumCase {
    /** {@return what the graphs of a run are compiled for} */
    KernelShape shape();

    /** {@return the tokens of a timed launch, at most those of the shape} */
    int timedTokens();

    /** {@return bytes that a timed launch must at least read and write} */
    long bytes();

    /** {@return multiplications and additions of a timed launch that the products need; 0 where there are none} */
    long flops();

    /** {@return operands on the host, seeded: the same every time} */
    TuneOperands operands();
}
