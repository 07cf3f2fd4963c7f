package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.host.cold.ColdKernels;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** The contract of rounded inputs with machine code, if this machine supports it. */
class MachineInt8KernelsTest extends Int8KernelsTest {
    @Override
    HostKernels kernels() {
        return MachineKernelsTest.machineKernels().withActivations(Activations.INT8);
    }

    @Test
    void theFirstPassHasTheSameBits() {
        WeightMatrix weights =
                RandomWeights.create(arena, WeightFormat.Q5_K, 21, 512, 0, 90).matrix();
        MemorySegment x = Segments.random(arena, 3 * 512, 91);
        MemorySegment expected = Segments.floats(arena, 3 * 21);
        MemorySegment actual = Segments.floats(arena, 3 * 21);
        kernels.linear(weights, x, 3, expected, 0, 21, scratch);
        ColdKernels.of(kernels).linear(weights, x, 3, actual, 0, 21, scratch);
        assertThat(Segments.bits(actual)).isEqualTo(Segments.bits(expected));
    }
}
