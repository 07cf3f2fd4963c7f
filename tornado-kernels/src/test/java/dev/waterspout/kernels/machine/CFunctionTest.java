package dev.waterspout.kernels.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class CFunctionTest {
    @Test
    void functionsOfOneToThreeParametersReturnTheirResults() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom("water");
            MemorySegment other = arena.allocateFrom("waterspout");
            assertThat(CFunction.named("strlen").orElseThrow().call(text.address()))
                    .isEqualTo(5);
            assertThat((int) CFunction.named("abs").orElseThrow().call(-7)).isEqualTo(7);
            assertThat((int) CFunction.named("strncmp").orElseThrow().call(text.address(), other.address(), 5))
                    .isZero();
            assertThat((int) CFunction.named("strncmp").orElseThrow().call(text.address(), other.address(), 6))
                    .isNegative();
        }
    }

    @Test
    void functionThatTheLibraryLacksIsAbsent() {
        assertThat(CFunction.named("waterspout_has_no_such_function")).isEmpty();
    }
}
