package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.engine.grammar.GrammarMatcher;
import dev.waterspout.engine.grammar.TokenOrder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.function.Consumer;

/** Generates tokens under a grammar with the choices of a fuzzer. The vocabulary has all bytes and some words. */
final class GrammarWalk {
    private static final String[] WORDS = {"{\"", "\":", "true", "null", "\\u00", "[[[[", "  ", "12", "ab", "€", "😀"};
    private static final int SIZE = 256 + WORDS.length;
    private static final int END = SIZE;
    private static final int MOST_TOKENS = 24;
    private static final TokenOrder ORDER = order();

    private GrammarWalk() {}

    private static TokenOrder order() {
        BitSet ends = new BitSet();
        ends.set(END);
        return new TokenOrder(SIZE + 1, GrammarWalk::bytes, ends);
    }

    private static byte[] bytes(int token) {
        return token < 256 ? new byte[] {(byte) token} : WORDS[token - 256].getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Checks that a token is accepted if and only if it is allowed.
     *
     * @param whole receives each text at which the grammar allows the end
     */
    static void follow(Grammar grammar, FuzzedText input, Consumer<byte[]> whole) {
        try {
            GrammarMatcher matcher = new GrammarMatcher(grammar, ORDER);
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            for (int i = 0; i < MOST_TOKENS && input.chooses(); i++) {
                BitSet allowed = matcher.allowed();
                assertThat(allowed.get(END)).isEqualTo(matcher.mayEnd());
                if (matcher.mayEnd()) {
                    whole.accept(text.toByteArray());
                }
                int[] tokens = allowed.stream().filter(token -> token != END).toArray();
                if (tokens.length == 0) {
                    return;
                }
                int token = tokens[input.choose(tokens.length)];
                assertThat(matcher.accept(token)).isTrue();
                text.writeBytes(bytes(token));
            }
            int forbidden = matcher.allowed().nextClearBit(0);
            if (forbidden < END) {
                assertThat(matcher.accept(forbidden)).isFalse();
            }
        } catch (GrammarException beyond) {
            assertThat(beyond).hasMessageStartingWith("the ").hasMessageContaining("more than");
        }
    }
}
