package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.ToyVocabulary.decode;
import static dev.waterspout.engine.tokenizer.ToyVocabulary.pieces;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract of all tokenizers, for any vocabulary. */
abstract class TokenizerContractTest {
    private static final int LONG = 1 << 20;

    private final Tokenizer tokenizer = vocabulary().tokenizer();

    /** A new vocabulary with the special tokens of {@link ToyVocabulary}, in which every text can be written. */
    abstract ToyVocabulary vocabulary();

    /** Returns the pieces of a text of one letter. */
    abstract String letter(String letter);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a",
                "the thin hen",
                " leading and trailing  ",
                "two  spaces   three",
                "Tabs\tand\r\nnewlines\n\n",
                "naïve café — “quotes”",
                "e\u0301 combining",
                "日本語テキスト",
                "emoji 😀🎉 👩‍👩‍👧‍👦",
                "don't I'LL we've",
                "1234567890 3.14159 ½ ١٢٣",
                "under_score-dash/slash\\back",
                "\u0000\u0001\u007f\u0085\u00a0\u2003\u3000\ufeff\ufffd\uffff"
            })
    void decodesItsOwnEncoding(String text) {
        assertThat(decode(tokenizer, tokenizer.encode(text))).isEqualTo(text);
        assertThat(decode(tokenizer, tokenizer.encode(text, false, false))).isEqualTo(text);
    }

    @Test
    void decodesEveryCodePoint() {
        // U+2581 is left out: SentencePiece writes a space with it.
        String text = IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(point -> Character.getType(point) != Character.SURROGATE && point != '\u2581')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();

        assertThat(decode(tokenizer, tokenizer.encode(text)).equals(text)).isTrue();
    }

    @Test
    void decodesRandomTexts() {
        Random random = new Random(1);
        int[] points = {' ', ' ', '\n', 'a', 'b', 'c', 't', 'h', 'e', '\'', '1', '.', '<', '|', 'é', '日', 0x1F600};
        for (int i = 0; i < 2000; i++) {
            String text = random.ints(random.nextInt(40), 0, points.length)
                    .mapToObj(index -> Character.toString(points[index]))
                    .collect(Collectors.joining());
            assertThat(decode(tokenizer, tokenizer.encode(text))).isEqualTo(text);
        }
    }

    @Test
    void unpairedSurrogatesCountAsReplacementCharacters() {
        int[] replaced = tokenizer.encode("a\ufffdb\ufffd\ufffd😀\ufffd");

        assertThat(tokenizer.encode("a\ud83db\ude00\ud83d😀\ud83d")).containsExactly(replaced);
    }

    @Test
    void everyByteIsPrintedBySomeToken() {
        IntStream printed = IntStream.range(0, tokenizer.vocabulary().size())
                .mapToObj(tokenizer::bytes)
                .filter(bytes -> bytes.length == 1)
                .mapToInt(bytes -> bytes[0] & 0xFF);

        assertThat(printed.boxed().collect(Collectors.toSet())).hasSize(256);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "ab", " ", "\n", " \n", "z", "1", "'", ".", "é", "😀", "<|im", "'s", "\u0301"})
    @Timeout(30)
    void longTextsOfOnePatternTakeNeitherDeepStacksNorQuadraticTime(String pattern) {
        String text = pattern.repeat(LONG / pattern.length());

        assertThat(decode(tokenizer, tokenizer.encode(text)).equals(text)).isTrue();
    }

    @Test
    void specialTokensAreFoundAtTheEndsAndSideBySide() {
        assertThat(pieces(tokenizer, tokenizer.encode("<s>z</s>", false, true)))
                .isEqualTo("<s>|" + letter("z") + "|</s>");
        assertThat(pieces(tokenizer, tokenizer.encode("</s><s><user>", false, true)))
                .isEqualTo("</s>|<s>|<user>");
        assertThat(pieces(tokenizer, tokenizer.encode("z<s>z", false, true)))
                .isEqualTo(letter("z") + "|<s>|" + letter("z"));
    }

    @Test
    void theLongestSpecialTokenIsFound() {
        assertThat(pieces(tokenizer, tokenizer.encode("<|im|><|im_end|><|im|><|x|><|im|>", false, true)))
                .isEqualTo("<|im|>|<|im_end|>|<|im|><|x|>|<|im|>");
        assertThat(pieces(tokenizer, tokenizer.encode("<user>!<user>", false, true)))
                .isEqualTo("<user>!|<user>");
    }

    @Test
    void controlTokensAreTextUnlessAskedFor() {
        String text = "<s>a<|im_end|>";

        int[] ids = tokenizer.encode(text, false, false);

        assertThat(Arrays.stream(ids).mapToObj(tokenizer.vocabulary()::type)).doesNotContain(TokenType.CONTROL);
        assertThat(decode(tokenizer, ids)).isEqualTo(text);
    }

    @Test
    void userDefinedTokensAreAlwaysFoundAndPrinted() {
        int[] ids = tokenizer.encode("z<user>z", false, false);

        assertThat(pieces(tokenizer, ids)).isEqualTo(letter("z") + "|<user>|" + letter("z"));
        assertThat(decode(tokenizer, ids)).isEqualTo("z<user>z");
    }

    @Test
    void controlTokensPrintNothing() {
        Vocabulary vocabulary = tokenizer.vocabulary();

        assertThat(IntStream.range(0, vocabulary.size()).filter(id -> vocabulary.type(id) == TokenType.CONTROL))
                .hasSameSizeAs(ToyVocabulary.CONTROL)
                .allMatch(id -> tokenizer.bytes(id).length == 0);
        assertThat(decode(tokenizer, tokenizer.encode("<s>a<|im|>b</s>", true, true)))
                .isEqualTo("ab");
    }

    @Test
    void beginsWithBosOnlyWhenAsked() {
        int bos = tokenizer.vocabulary().bos().orElseThrow();

        assertThat(tokenizer.encode("", true, true)).containsExactly(bos);
        assertThat(tokenizer.encode("", false, true)).isEmpty();
        assertThat(tokenizer.encode("a", true, true)).startsWith(bos);
        assertThat(tokenizer.encode("a", false, true)).doesNotContain(bos);
        assertThat(tokenizer.encode("<s>", true, true)).containsExactly(bos, bos);
    }

    @Test
    void metadataDecidesOnBosAndEos() {
        Tokenizer both = vocabulary()
                .put("add_bos_token", true)
                .put("add_eos_token", true)
                .tokenizer();
        Tokenizer neither = vocabulary()
                .put("add_bos_token", false)
                .put("add_eos_token", false)
                .tokenizer();

        assertThat(pieces(both, both.encode("z"))).isEqualTo("<s>|" + letter("z") + "|</s>");
        assertThat(pieces(neither, neither.encode("z"))).isEqualTo(letter("z"));
        assertThat(pieces(both, both.encode("z", true, true))).isEqualTo("<s>|" + letter("z"));
    }

    @Test
    void streamsWholeCharactersOnly() {
        String text = "the 😀 café\n日本 <user>";
        TextStream stream = tokenizer.stream();
        StringBuilder streamed = new StringBuilder();
        for (int id : tokenizer.encode(text)) {
            String part = stream.next(id);
            assertThat(part.codePoints())
                    .noneMatch(point -> point == 0xFFFD || Character.getType(point) == Character.SURROGATE);
            streamed.append(part);
        }

        assertThat(stream.finish()).isEmpty();
        assertThat(streamed).hasToString(text);
    }

    @Test
    void withholdsIncompleteCharacters() {
        byte[] emoji = "😀".getBytes(StandardCharsets.UTF_8);
        TextStream stream = tokenizer.stream();

        assertThat(stream.next(tokenOf(emoji[0]))).isEmpty();
        assertThat(stream.next(tokenOf(emoji[1]))).isEmpty();
        assertThat(stream.next(tokenOf(emoji[2]))).isEmpty();
        assertThat(stream.next(tokenOf(emoji[3]))).isEqualTo("😀");
        assertThat(stream.finish()).isEmpty();
    }

    @Test
    void replacesMalformedUtf8() {
        TextStream stream = tokenizer.stream();

        assertThat(stream.next(tokenOf((byte) 0xFF))).isEqualTo("\ufffd");
        assertThat(stream.next(tokenOf((byte) 0xF0))).isEmpty();
        assertThat(stream.next(tokenOf((byte) 'x'))).isEqualTo("\ufffdx");
        assertThat(stream.next(tokenOf((byte) 0xE6))).isEmpty();
        assertThat(stream.finish()).isEqualTo("\ufffd");
        assertThat(stream.next(tokenOf((byte) 0x97))).isEqualTo("\ufffd");
        assertThat(stream.next(tokenOf((byte) 'y'))).isEqualTo("y");
    }

    @Test
    void refusesTokensOutsideTheVocabulary() {
        int size = tokenizer.vocabulary().size();
        for (int id : new int[] {-1, size, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> tokenizer.bytes(id))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("token=" + id)
                    .hasMessageContaining(String.valueOf(size - 1));
            assertThatThrownBy(() -> tokenizer.vocabulary().text(id)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> tokenizer.vocabulary().isEndOfText(id))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> tokenizer.stream().next(id)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void returnedBytesAreACopy() {
        int token = tokenOf((byte) 'q');
        tokenizer.bytes(token)[0] = 'x';

        assertThat(tokenizer.bytes(token)).containsExactly('q');
    }

    private int tokenOf(byte value) {
        return IntStream.range(0, tokenizer.vocabulary().size())
                .filter(id -> Arrays.equals(tokenizer.bytes(id), new byte[] {value}))
                .findFirst()
                .orElseThrow();
    }
}
