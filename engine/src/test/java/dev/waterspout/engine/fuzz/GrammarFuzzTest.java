package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.waterspout.engine.grammar.GbnfParser;
import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.engine.grammar.GrammarException;

/**
 * Arbitrary text is parsed as a GBNF grammar or refused with one sentence. A parsed grammar accepts exactly the tokens
 * that it allows.
 */
class GrammarFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void acceptsExactlyTheAllowedTokens(byte[] bytes) {
        FuzzedText input = new FuzzedText(bytes);
        Grammar grammar;
        try {
            grammar = GbnfParser.parse(input.text());
        } catch (GrammarException refused) {
            assertThat(refused.getMessage()).isNotBlank().doesNotContainPattern("\\p{Cntrl}");
            return;
        }
        GrammarWalk.follow(grammar, input, text -> {});
    }
}
