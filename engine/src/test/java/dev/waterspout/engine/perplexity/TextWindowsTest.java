package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.engine.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;

class TextWindowsTest {
    /** A vocabulary of all bytes and a BOS token. */
    private static Tokenizer tokenizer() {
        try (Model model = SmallModel.of("llama").load()) {
            return model.tokenizer();
        }
    }

    @Test
    void bosReplacesTheFirstTokenOfEveryWindow() {
        Tokenizer tokenizer = tokenizer();
        int[] all = tokenizer.encode("abcdefghijklmnopqrstuvwxyz", true, false);
        TextWindows windows = TextWindows.of(tokenizer, "abcdefghijklmnopqrstuvwxyz", 7);
        int bos = tokenizer.vocabulary().bos().orElseThrow();
        assertThat(windows.count()).isEqualTo(all.length / 7);
        for (int window = 0; window < windows.count(); window++) {
            int[] tokens = windows.tokens(window);
            assertThat(tokens).hasSize(7);
            assertThat(tokens[0]).isEqualTo(bos);
            for (int i = 1; i < tokens.length; i++) {
                assertThat(tokens[i]).isEqualTo(all[window * 7 + i]);
            }
        }
    }

    @Test
    void scoresTheSecondHalf() {
        TextWindows odd = TextWindows.of(tokenizer(), "abcdefghijklmnop", 7);
        assertThat(odd.firstScored()).isEqualTo(3);
        assertThat(odd.scoredPerWindow()).isEqualTo(3); // of tokens 4, 5 and 6
        TextWindows even = TextWindows.of(tokenizer(), "abcdefghijklmnop", 8);
        assertThat(even.firstScored()).isEqualTo(4);
        assertThat(even.scoredPerWindow()).isEqualTo(3); // of tokens 5, 6 and 7
    }

    @Test
    void aRangeConsistsOfWindowsOfTheWhole() {
        TextWindows all = TextWindows.of(tokenizer(), "abcdefghijklmnopqrstuvwxyz", 5);
        TextWindows part = all.part(2, 100);
        assertThat(part.count()).isEqualTo(all.count() - 2);
        for (int window = 0; window < part.count(); window++) {
            assertThat(part.tokens(window)).isEqualTo(all.tokens(window + 2));
        }
        assertThatThrownBy(() -> all.part(all.count(), 1))
                .isInstanceOf(GenerationException.class)
                .hasMessageContaining("the text has " + all.count() + " of 5");
    }

    @Test
    void refusesATextThatFillsNoWindow() {
        Tokenizer tokenizer = tokenizer();
        assertThatThrownBy(() -> TextWindows.of(tokenizer, "abc", 8))
                .isInstanceOf(GenerationException.class)
                .hasMessageMatching("the text has \\d+ tokens; one window of 8 must be full");
        assertThatThrownBy(() -> TextWindows.of(tokenizer, "abcdef", 3))
                .isInstanceOf(GenerationException.class)
                .hasMessageContaining("windows of 3 tokens; it must be at least 4");
    }
}
