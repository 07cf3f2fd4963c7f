package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.text.Normalizer;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

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
    void gpt2SplitsWordsNumbersAndPunctuation(String text, List<String> expected) {
        assertThat(PreTokenizerRules.of("gpt-2").split(text)).isEqualTo(expected);
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
                words("b\u0301t", "b", "\u0301t"),
                words("hi 😀\r\n", "hi", " 😀\r\n"));
    }

    @ParameterizedTest
    @MethodSource("llama3AndQwen2")
    void llama3AndQwen2GiveTheSameSplits(String text, List<String> expected) {
        assertThat(PreTokenizerRules.of("llama-bpe").split(text)).isEqualTo(expected);
        assertThat(PreTokenizerRules.of("qwen2").split(text)).isEqualTo(expected);
    }

    @Test
    void llama3SplitsDigitsInThreesAndQwen2OneByOne() {
        String text = "a1234567 ١٢٣٤½";

        assertThat(PreTokenizerRules.of("llama-bpe").split(text))
                .containsExactly("a", "123", "456", "7", " ", "١٢٣", "٤½");
        assertThat(PreTokenizerRules.of("qwen2").split("12 ½a")).containsExactly("1", "2", " ", "½", "a");
    }

    @Test
    void smollmSplitsDigitsFirst() {
        assertThat(PreTokenizerRules.of("smollm").split("ab 12,x  y"))
                .containsExactly("ab", " ", "1", "2", ",", "x", " ", " y");
    }

    @Test
    void theDefaultSplitsPunctuationFirstAndAsciiDigitsInThrees() {
        assertThat(PreTokenizerRules.of("default").split("a.b's <= 12345 ١٢٣٤"))
                .containsExactly("a", ".", "b", "'", "s", " ", "<=", " ", "123", "45", " ", "١٢٣٤");
    }

    @Test
    void qwen2NormalizesToNfcAndLlama3DoesNot() {
        assertThat(PreTokenizerRules.of("qwen2").split("e\u0301t \u212B")).containsExactly("\u00E9t", " \u00C5");
        assertThat(PreTokenizerRules.of("llama-bpe").split("e\u0301t \u212B"))
                .containsExactly("e", "\u0301t", " \u212B");
    }

    private static Stream<Arguments> gpt4oAndTekken() {
        return Stream.of(
                words("HelloWorld XMLHttp abcDEF", "Hello", "World", " XMLHttp", " abc", "DEF"),
                words("e\u0301t नमस्ते", "e\u0301t", " नमस्ते"),
                words("日本 ßÀ", "日本", " ß", "À"),
                words("a / b//\n\nc", "a", " /", " b", "//\n\n", "c"),
                words("x \n \n  y", "x", " \n \n", " ", " y"),
                words("(abc) \"d\"", "(abc", ")", " \"", "d", "\""));
    }

    @ParameterizedTest
    @MethodSource("gpt4oAndTekken")
    void gpt4oAndTekkenSplitBeforeCapitals(String text, List<String> expected) {
        assertThat(PreTokenizerRules.of("gpt-4o").split(text)).isEqualTo(expected);
        assertThat(PreTokenizerRules.of("tekken").split(text)).isEqualTo(expected);
    }

    @Test
    void gpt4oKeepsContractionsAndThreeDigitsTogether() {
        assertThat(PreTokenizerRules.of("gpt-4o").split("We'LL don't 12345"))
                .containsExactly("We'LL", " don't", " ", "123", "45");
        assertThat(PreTokenizerRules.of("tekken").split("We'LL 123")).containsExactly("We", "'LL", " ", "1", "2", "3");
    }

    @Test
    void deepseekV3SplitsNumbersThenChineseThenWordsAndPunctuation() {
        assertThat(PreTokenizerRules.of("deepseek-v3").split("x12345日本かなab (abc) .net e\u0301t\n\n y"))
                .containsExactly(
                        "x", "123", "45", "日本かな", "ab", " (", "abc", ")", " .", "net", " e\u0301t", "\n\n", " y");
    }

    @Test
    void deepseekLlmAndCoderSplitLinesWordsPunctuationAndDigits() {
        assertThat(PreTokenizerRules.of("deepseek-llm").split("ab, é日本\n\n  12"))
                .containsExactly("ab", ",", " é", "日本", "\n", "\n", "  ", "1", "2");
        assertThat(PreTokenizerRules.of("deepseek-coder").split("ab, é日本\n12"))
                .containsExactly("ab", ",", " é", "日本", "\n", "1", "2");
    }

    @Test
    @Timeout(20)
    void numbersOfManyDigitsAreCutInLinearTime() {
        String digits = "7".repeat(400_000);

        for (String name : List.of("tiny_aya", "afmoe", "superbpe")) {
            assertThat(PreTokenizerRules.of(name).split(digits))
                    .hasSize(133_334)
                    .startsWith("7", "777");
        }
        assertThat(PreTokenizerRules.of("tiny_aya").split(digits + "x")).startsWith("777", "777");
        assertThat(PreTokenizerRules.of("exaone-moe").split("a ".repeat(200_000) + "a"))
                .hasSize(1);
    }

    @Test
    void knowsAllNamesOfLlamaCppButThoseOfWordVocabularies() {
        assertThat(PreTokenizerRules.names()).hasSize(86).doesNotContain("whitespace");
    }

    private static Stream<String> everyName() {
        return PreTokenizerRules.names();
    }

    @Test
    void noNameStandsForTwoRules() {
        assertThat(PreTokenizerRules.names()).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("everyName")
    void theWordsConcatenateToTheText(String name) {
        Random random = new Random(7);
        int[] points = {
            ' ', '\n', '\r', '\t', 'a', 'S', '\'', 't', '1', '.', '$', 0xA0, 0x301, 'é', '日', 0x1F600, 0x1D7D8
        };
        PreTokenizer rule = PreTokenizerRules.of(name);
        for (int i = 0; i < 300; i++) {
            String text = random.ints(random.nextInt(30), 0, points.length)
                    .mapToObj(index -> Character.toString(points[index]))
                    .collect(Collectors.joining());
            List<String> words = rule.split(text);
            String whole = rule.has(PreTokenizer.Trait.NFC) ? Normalizer.normalize(text, Normalizer.Form.NFC) : text;
            assertThat(String.join("", words)).isEqualTo(whole);
            assertThat(words).doesNotContain("");
        }
    }

    @Test
    void refusesAnUnknownName() {
        assertThatThrownBy(() -> PreTokenizerRules.of("no-such-rule"))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.ggml.pre")
                .hasMessageContaining("\"no-such-rule\"")
                .hasMessageContaining("llama-bpe")
                .hasMessageContaining("qwen2")
                .hasMessageContaining("gpt-2");
    }
}
