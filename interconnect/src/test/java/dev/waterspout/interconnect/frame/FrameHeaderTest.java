package dev.waterspout.interconnect.frame;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.waterspout.interconnect.InterconnectException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FrameHeaderTest {
    private static final FrameHeader EXPECTED = new FrameHeader(1, 20, 3, 4, 5, 6, 70);

    @Test
    void acceptsTheExpectedHeader() {
        new FrameHeader(1, 20, 3, 4, 5, 6, 70).requireEqual(EXPECTED, 0);
    }

    @ParameterizedTest
    @MethodSource("differences")
    void namesTheFieldThatDiffersWithBothRanksAndBothValues(FrameHeader found, String field) {
        assertThatExceptionOfType(InterconnectException.class)
                .isThrownBy(() -> found.requireEqual(EXPECTED, 9))
                .withMessage("the frame from rank 1 to rank 9 has " + field);
    }

    static Stream<Arguments> differences() {
        return Stream.of(
                arguments(new FrameHeader(2, 20, 3, 4, 5, 6, 70), "rank 2, and rank 9 expected 1"),
                arguments(new FrameHeader(1, 19, 3, 4, 5, 6, 70), "sequence number 19, and rank 9 expected 20"),
                arguments(
                        new FrameHeader(1, 20 + (1L << 32), 3, 4, 5, 6, 70),
                        "sequence number 4294967316, and rank 9 expected 20"),
                arguments(new FrameHeader(1, 20, -1, 4, 5, 6, 70), "layer -1, and rank 9 expected 3"),
                arguments(new FrameHeader(1, 20, 3, 1, 5, 6, 70), "format id 1, and rank 9 expected 4"),
                arguments(new FrameHeader(1, 20, 3, 4, 6, 6, 70), "rows 6, and rank 9 expected 5"),
                arguments(new FrameHeader(1, 20, 3, 4, 5, 5, 70), "columns 5, and rank 9 expected 6"),
                arguments(new FrameHeader(1, 20, 3, 4, 5, 6, 71), "payload length 71, and rank 9 expected 70"));
    }
}
