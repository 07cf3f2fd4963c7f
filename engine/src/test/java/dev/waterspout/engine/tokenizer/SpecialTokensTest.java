package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SpecialTokensTest {
    @Test
    void findsTheLongestAtEachPlaceFromLeftToRight() {
        Random random = new Random(11);
        for (int round = 0; round < 2000; round++) {
            Set<String> special = new LinkedHashSet<>();
            for (int i = random.nextInt(8); i > 0; i--) {
                special.add(letters(random, 1 + random.nextInt(5)));
            }
            String text = letters(random, random.nextInt(30));
            assertThat(cut(special, text)).isEqualTo(cutByTryingAll(special, text));
        }
    }

    @Test
    void amongEqualTextsTheFirstIsFoundAndEmptyOnesNever() {
        Vocabulary vocabulary = vocabulary(List.of("", "<b>", "<a>", "<a>"));
        List<Integer> found = new ArrayList<>();

        new SpecialTokens(vocabulary, TokenType::isSpecial, UnaryOperator.identity())
                .split("x<a>", found::add, stretch -> {});

        assertThat(found).containsExactly(2);
    }

    private static List<String> cut(Set<String> special, String text) {
        Vocabulary vocabulary = vocabulary(List.copyOf(special));
        List<String> parts = new ArrayList<>();
        new SpecialTokens(vocabulary, TokenType::isSpecial, UnaryOperator.identity())
                .split(text, id -> parts.add("[" + vocabulary.text(id) + "]"), parts::add);
        return parts;
    }

    private static List<String> cutByTryingAll(Set<String> special, String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder stretch = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            String longest = "";
            for (String token : special) {
                if (text.startsWith(token, at) && token.length() > longest.length()) {
                    longest = token;
                }
            }
            if (longest.isEmpty()) {
                stretch.append(text.charAt(at++));
                continue;
            }
            if (!stretch.isEmpty()) {
                parts.add(stretch.toString());
                stretch.setLength(0);
            }
            parts.add("[" + longest + "]");
            at += longest.length();
        }
        if (!stretch.isEmpty()) {
            parts.add(stretch.toString());
        }
        return parts;
    }

    /** A vocabulary of the special tokens and one normal token. */
    private static Vocabulary vocabulary(List<String> special) {
        List<String> tokens = new ArrayList<>(special);
        List<TokenType> types = new ArrayList<>(Collections.nCopies(special.size(), TokenType.CONTROL));
        tokens.add("a");
        types.add(TokenType.NORMAL);
        OptionalInt none = OptionalInt.empty();
        Specials roles = new Specials(none, none, none, List.of(), false, false, false);
        FloatBuffer scores = FloatBuffer.allocate(0);
        return new Vocabulary(new TokenizerSpec("gpt2", "gpt-2", tokens, types, scores, List.of(), roles));
    }

    private static String letters(Random random, int length) {
        return random.ints(length, 0, 3)
                .mapToObj(letter -> String.valueOf("ab<".charAt(letter)))
                .collect(Collectors.joining());
    }
}
