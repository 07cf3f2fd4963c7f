package dev.waterspout.engine.tornado;

import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The exchange of a phase. Its graphs are compiled for one wire format.
 *
 * @param format the wire format of partials
 * @param gathers whether all exchanges are all-gathers, which can use copies from device to device
 */
record PhaseComm(WireFormat format, boolean gathers) {
    /**
     * Returns the exchange of a phase.
     *
     * @param schedule schedule of the run
     * @param least smallest number of tokens in one forward pass of the phase
     * @param most largest number of tokens in one forward pass of the phase
     * @throws IllegalArgumentException if the phase has more than one format
     */
    static PhaseComm of(CommSchedule schedule, int least, int most) {
        List<CommChoice> choices = IntStream.rangeClosed(least, most)
                .boxed()
                .flatMap(schedule::choices)
                .distinct()
                .toList();
        List<WireFormat> formats =
                choices.stream().map(CommChoice::format).distinct().toList();
        if (formats.size() > 1) {
            throw new IllegalArgumentException("wire formats " + formats
                    + " for chunks of different sizes or layers; a TornadoVM device needs the same format for all"
                    + " chunks of more than 1 token");
        }
        boolean gathers = choices.stream().allMatch(choice -> choice.algorithm() == Algorithm.ALLGATHER);
        return new PhaseComm(formats.getFirst(), gathers);
    }
}
