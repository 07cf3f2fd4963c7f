package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.ToyVocabulary.decode;
import static dev.waterspout.engine.tokenizer.ToyVocabulary.pieces;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgufValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SentencePieceTokenizerTest extends TokenizerContractTest {
    @Override
    ToyVocabulary vocabulary() {
        return ToyVocabulary.sentencePiece();
    }

    @Override
    String letter(String letter) {
        return "▁|" + letter;
    }

    @ParameterizedTest
    @CsvSource({
        "the,▁the",
        "then,▁the|n",
        "thin,▁t|h|in",
        "aaa,▁|aa|a",
        "aaaaa,▁|aaaa|a",
        "abc,▁|abc",
        "bc,▁|bc",
        "é日,▁|é|日",
        "日本,▁|日本",
        "本,▁|<0xE6>|<0x9C>|<0xAC>",
        "T,▁|<0x54>",
        "a  b,▁|a|▁▁|b",
    })
    void mergesTheHighestScoreFirst(String text, String expected) {
        Tokenizer tokenizer = vocabulary().tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode(text, false, true))).isEqualTo(expected);
    }

    @Test
    void amongEqualScoresTheLeftmostPairIsMerged() {
        ToyVocabulary toy = vocabulary().put("add_space_prefix", false);
        float[] equal = new float[toy.size()];

        assertThat(scored(toy, equal, "bcbc")).isEqualTo("bc|bc");
        assertThat(scored(toy, equal, "aab")).isEqualTo("aa|b");
        assertThat(scored(toy, equal, "baab")).isEqualTo("b|aa|b");
    }

    @Test
    void negativeAndPositiveScoresAreOrdered() {
        ToyVocabulary toy = vocabulary().put("add_space_prefix", false);
        float[] scores = new float[toy.size()];
        scores[toy.id("aa")] = -2;
        scores[toy.id("ab")] = -1;
        assertThat(scored(toy, scores, "aab")).isEqualTo("a|ab");
        scores[toy.id("aa")] = 1;
        assertThat(scored(toy, scores, "aab")).isEqualTo("aa|b");
        scores[toy.id("ab")] = Float.POSITIVE_INFINITY;
        assertThat(scored(toy, scores, "aab")).isEqualTo("a|ab");
        scores[toy.id("aa")] = -0.0f;
        scores[toy.id("ab")] = 0.0f;
        assertThat(scored(toy, scores, "aab")).isEqualTo("aa|b");
    }

    @Test
    void withoutSpacePrefixTextIsUnchanged() {
        Tokenizer tokenizer = vocabulary().put("add_space_prefix", false).tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode("a<s>b", false, true))).isEqualTo("a|<s>|b");
        assertThat(decode(tokenizer, tokenizer.encode(" a<s> b"))).isEqualTo(" a b");
    }

    @Test
    void theContinuationOfAPromptKeepsItsSpace() {
        ToyVocabulary toy = vocabulary();
        TextStream stream = toy.tokenizer().stream();

        assertThat(stream.next(toy.id("<s>"))).isEmpty();
        assertThat(stream.next(toy.id("▁the"))).isEqualTo("the");
        assertThat(stream.next(toy.id("▁the"))).isEqualTo(" the");
        assertThat(stream.next(toy.id("<|im_end|>"))).isEmpty();
        assertThat(stream.next(toy.id("▁"))).isEmpty();
        assertThat(stream.next(toy.id("▁the"))).isEqualTo(" the");
        assertThat(stream.finish()).isEmpty();
        assertThat(stream.next(toy.id("▁the"))).isEqualTo("the");
    }

    @Test
    void anUnknownCharacterWithoutByteTokensIsTheUnknownToken() {
        ToyVocabulary toy = vocabulary();
        int[] types = toy.typeCodes();
        for (int id = 0; id < types.length; id++) {
            types[id] = types[id] == 6 ? 5 : types[id];
        }
        Tokenizer tokenizer =
                toy.put("token_type", GgufValue.Numbers.ofInts(types)).tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode("T日本é", false, true))).isEqualTo("▁|<unk>|日本|é");
        assertThat(pieces(tokenizer, tokenizer.encode("本", false, true))).isEqualTo("▁|<unk>");
    }

    @Test
    void aSpecialTokenNeverComesFromMergingText() {
        ToyVocabulary toy = vocabulary();
        int[] types = toy.typeCodes();
        types[toy.id("aa")] = 3;
        Tokenizer tokenizer =
                toy.put("token_type", GgufValue.Numbers.ofInts(types)).tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode("aa", false, false))).isEqualTo("▁|a|a");
        assertThat(pieces(tokenizer, tokenizer.encode("aa", false, true))).isEqualTo("aa");
    }

    @Test
    void beginsWithBosUnlessTheMetadataSaysOtherwise() {
        Tokenizer tokenizer = vocabulary().tokenizer();

        assertThat(tokenizer.vocabulary().addsBos()).isTrue();
        assertThat(pieces(tokenizer, tokenizer.encode("the"))).isEqualTo("<s>|▁the");
    }

    @Test
    void missingAndImpossibleIdsAreTheConventionalOnes() {
        Vocabulary vocabulary = vocabulary()
                .remove("bos_token_id")
                .put("eos_token_id", 0xFFFF_FFFFL)
                .tokenizer()
                .vocabulary();

        assertThat(vocabulary.bos()).hasValue(1);
        assertThat(vocabulary.eos()).hasValue(2);
    }

    @Test
    void refusesAByteTokenThatNamesNoByte() {
        ToyVocabulary toy = vocabulary().add("<0xXY>", TokenType.BYTE);
        toy.put("scores", GgufValue.Numbers.ofFloats(new float[toy.size()]));

        assertThatThrownBy(toy::tokenizer)
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.ggml.tokens[" + toy.id("<0xXY>") + "]")
                .hasMessageContaining("\"<0xXY>\"");
    }

    private static String scored(ToyVocabulary toy, float[] scores, String text) {
        Tokenizer tokenizer =
                toy.put("scores", GgufValue.Numbers.ofFloats(scores)).tokenizer();
        return pieces(tokenizer, tokenizer.encode(text, false, true));
    }
}
