package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreTokenizerTest {
    private static Arguments words(String text, String... words) {
        return Arguments.of(text, List.of(words));
    }

    private static Stream<Arguments> gpt2() {
        return Stream.of(
                words("Hello world!", "Hello", " world", "!"),
                words("I'm we'll DON'T", "I", "'m", " we", "'ll", " DON", "'", "T"),
                words("a  b", "a", " ", " b"),
                words("x   ", "x", "   "),
                words("a\n\nb", "a", "\n", "\n", "b"),
                words("\tx", "\t", "x"),
                words("12345 678", "12345", " 678"),
                words("abc123!?(x)", "abc", "123", "!?(", "x", ")"),
                words("a\u00a0b", "a", "\u00a0", "b"),
                words("e\u0301t", "e", "\u0301", "t"),
                words("½٣ 日本", "½٣", " 日本"),
                words("😀😀 😀", "😀😀", " 😀"));
    }

    @ParameterizedTest
    @MethodSource("gpt2")
    void gpt2CutsAtWordsNumbersAndSigns(String text, List<String> expected) {
        assertThat(PreTokenizer.of("gpt-2").split(text)).isEqualTo(expected);
    }

    private static Stream<Arguments> llama3AndQwen2() {
        return Stream.of(
                words("Hello world!", "Hello", " world", "!"),
                words("don't I'LL we'Ve", "don", "'t", " I", "'LL", " we", "'Ve"),
                words("'ſx", "'ſx"),
                words("a  b", "a", " ", " b"),
                words("a\n\nb", "a", "\n\n", "b"),
                words("a \n \n  b", "a", " \n \n", " ", " b"),
                words("foo();\n\n x", "foo", "();\n\n", " x"),
                words("(abc) \"d\"", "(abc", ")", " \"", "d", "\""),
                words("\tx", "\tx"),
                words("x\u3000日本\u3000", "x", "\u3000日本", "\u3000"),
                words("end  ", "end", "  "),
                words("a\u0085\u2003b", "a", "\u0085", "\u2003b"),
                words("e\u0301t", "e", "\u0301t"),
                words("hi 😀\r\n", "hi", " 😀\r\n"));
    }

    @ParameterizedTest
    @MethodSource("llama3AndQwen2")
    void llama3AndQwen2CutAlike(String text, List<String> expected) {
        assertThat(PreTokenizer.of("llama-bpe").split(text)).isEqualTo(expected);
        assertThat(PreTokenizer.of("qwen2").split(text)).isEqualTo(expected);
    }

    @Test
    void digitsStandInThreesForLlama3AndAloneForQwen2() {
        String text = "a1234567 ١٢٣٤½";

        assertThat(PreTokenizer.of("llama-bpe").split(text)).containsExactly("a", "123", "456", "7", " ", "١٢٣", "٤½");
        assertThat(PreTokenizer.of("qwen2").split("12 ½a")).containsExactly("1", "2", " ", "½", "a");
    }

    @Test
    void smollmTakesDigitsOutFirst() {
        assertThat(PreTokenizer.of("smollm").split("ab 12,x  y"))
                .containsExactly("ab", " ", "1", "2", ",", "x", " ", " y");
    }

    @Test
    void theDefaultTakesPunctuationOutFirstAndAsciiDigitsInThrees() {
        assertThat(PreTokenizer.of("default").split("a.b's <= 12345 ١٢٣٤"))
                .containsExactly("a", ".", "b", "'", "s", " ", "<=", " ", "123", "45", " ", "١٢٣٤");
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-bpe", "llama3", "llama-v3", "qwen2", "gpt-2", "smollm", "default"})
    void theWordsTogetherAreTheText(String name) {
        Random random = new Random(7);
        int[] points = {
            ' ', '\n', '\r', '\t', 'a', 'S', '\'', 't', '1', '.', '$', 0xA0, 0x301, 'é', '日', 0x1F600, 0x1D7D8
        };
        for (int i = 0; i < 1000; i++) {
            String text = random.ints(random.nextInt(30), 0, points.length)
                    .mapToObj(index -> Character.toString(points[index]))
                    .collect(Collectors.joining());
            List<String> words = PreTokenizer.of(name).split(text);
            assertThat(String.join("", words)).isEqualTo(text);
            assertThat(words).doesNotContain("");
        }
    }

    @Test
    void refusesAnUnknownName() {
        assertThatThrownBy(() -> PreTokenizer.of("tekken"))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.ggml.pre")
                .hasMessageContaining("\"tekken\"")
                .hasMessageContaining("llama-bpe")
                .hasMessageContaining("qwen2")
                .hasMessageContaining("gpt-2");
    }
}
