package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.ToyVocabulary.decode;
import static dev.waterspout.engine.tokenizer.ToyVocabulary.pieces;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgufValue;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BytePairTokenizerTest extends TokenizerContractTest {
    @Override
    ToyVocabulary vocabulary() {
        return ToyVocabulary.bytePair("llama-bpe");
    }

    @Override
    String letter(String letter) {
        return letter;
    }

    @ParameterizedTest
    @CsvSource({
        "the the,t|he|Ġthe",
        "thin,t|h|in",
        "aaaaa,aaaa|a",
        "abc,ab|c",
        "babc,b|ab|c",
        "a   b,a|ĠĠ|Ġ|b",
        "é,Ã|©",
    })
    void mergesTheLowestRankFirst(String text, String expected) {
        Tokenizer tokenizer = vocabulary().tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode(text, false, true))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"llama-bpe,x|Ġwhole", "llama3,x|Ġwhole", "qwen2,x|Ġ|w|h|o|l|e", "gpt-2,x|Ġ|w|h|o|l|e"})
    void onlyLlamaTakesAWholeWordThatNoMergeProduces(String pre, String expected) {
        Tokenizer tokenizer = ToyVocabulary.bytePair(pre).tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode("x whole", false, true))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"llama-bpe,true", "llama3,true", "llama-v3,true", "qwen2,false", "gpt-2,false", "default,false"})
    void thePreTokenizerDecidesOnBosIfTheMetadataDoesNot(String pre, boolean added) {
        assertThat(ToyVocabulary.bytePair(pre).tokenizer().vocabulary().addsBos())
                .isEqualTo(added);
    }

    @Test
    void noBosIsAddedByDefaultIfTheVocabularyHasNone() {
        Tokenizer tokenizer = vocabulary().remove("bos_token_id").tokenizer();

        assertThat(tokenizer.vocabulary().bos()).isEmpty();
        assertThat(pieces(tokenizer, tokenizer.encode("a"))).isEqualTo("a");
        assertThatThrownBy(() -> tokenizer.encode("a", true, true))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("addBos");
    }

    @Test
    void aFileThatNamesNoPreTokenizerHasTheDefaultOne() {
        Tokenizer tokenizer = vocabulary().remove("pre").tokenizer();

        assertThat(tokenizer.vocabulary().addsBos()).isFalse();
        assertThat(pieces(tokenizer, tokenizer.encode("x whole"))).isEqualTo("x|Ġ|w|h|o|l|e");
    }

    @Test
    void mergesOfUnknownTokensAreLeftOut() {
        GgufValue merges = new GgufValue.Strings(List.of("a z", "zz q", "日 本", "h e", " a", "a ", "i n"));
        Tokenizer tokenizer = vocabulary().put("merges", merges).tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode("azzzqhein", false, true)))
                .isEqualTo("a|z|z|z|q|he|in");
    }

    @Test
    void theFirstRankOfARepeatedMergeCounts() {
        GgufValue merges = new GgufValue.Strings(List.of("b c", "a b", "b c"));
        Tokenizer tokenizer = vocabulary().put("merges", merges).tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode("xabc", false, true))).isEqualTo("x|a|bc");
    }

    @Test
    void refusesAMergeThatIsNotAPair() {
        GgufValue merges = new GgufValue.Strings(List.of("a b", "he"));

        assertThatThrownBy(() -> vocabulary().put("merges", merges).tokenizer())
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.ggml.merges[1]")
                .hasMessageContaining("\"he\"");
    }

    @Test
    void aByteWithoutATokenIsTheUnknownTokenOrRefused() {
        ToyVocabulary toy = vocabulary();
        int[] types = toy.typeCodes();
        types[toy.id("q")] = 5;
        toy.put("token_type", GgufValue.Numbers.ofInts(types));
        Tokenizer withoutUnknown = toy.tokenizer();
        Tokenizer withUnknown = toy.put("unknown_token_id", toy.id("<|im|>")).tokenizer();

        assertThatThrownBy(() -> withoutUnknown.encode("aq"))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("0x71");
        assertThat(pieces(withUnknown, withUnknown.encode("xaq", false, true))).isEqualTo("x|a|<|im|>");
    }

    @Test
    void aTokenOutsideTheByteAlphabetIsPrintedUnchanged() {
        ToyVocabulary toy = vocabulary().add("日 本", TokenType.NORMAL);

        assertThat(decode(toy.tokenizer(), toy.id("日 本"))).isEqualTo("日 本");
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "gpt-2", "smollm", "default"})
    @Timeout(60)
    void longWordsOfEveryPreTokenizer(String pre) {
        Tokenizer tokenizer = ToyVocabulary.bytePair(pre).tokenizer();
        for (String pattern : List.of("a", " ", "\n", "1", "'", "\u0301", " \n")) {
            String text = pattern.repeat((1 << 18) / pattern.length());
            assertThat(decode(tokenizer, tokenizer.encode(text)).equals(text)).isTrue();
        }
    }
}
