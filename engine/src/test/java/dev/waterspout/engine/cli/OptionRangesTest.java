package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.CommandLineTest.Run;
import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.kernels.testing.TestData;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers at the ends of their ranges, whose sums and products are beyond them. */
@Timeout(60)
class OptionRangesTest {
    private static Run run(String command) {
        return CommandLineTest.run(command.split(" "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        bench -p 0 -n 2147483647                | a test of 2147483648 positions; at most 2147483647 are allowed
        bench -p 4 -n 0 -d 2147483647           | a test of 2147483651 positions; at most 2147483647 are allowed
        bench -p 4 -n 0 -np 2147483647          | a test of 8589934588 tokens; at most 2147483647 are allowed
        generate -p a -tp 2 --comm auto --quality NaN | quality NaN; a percentage of 0 or more is allowed
        generate -p a -tp 2 --comm auto --quality=-1  | quality -1.0; a percentage of 0 or more is allowed
        """)
    void areRefusedBeforeAnythingRuns(String command, String sentence) {
        Run run = run(command);
        assertThat(run.sentence()).isEqualTo("waterspout: " + sentence);
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void theSharesOfRanksMayHaveAnySize() {
        String model = TestData.require("stories260K.gguf").toString();
        String plain = run("inspect -m " + model + " -tp 2 -ts 3,1").out();
        for (String shares : Arrays.asList("3e307,1e307", "1.5e308,5e307", "3e-310,1e-310")) {
            Run run = run("inspect -m " + model + " -tp 2 -ts " + shares);
            assertThat(run.code()).as(run.err()).isZero();
            assertThat(run.out()).as(shares).isEqualTo(plain);
        }
    }
}
