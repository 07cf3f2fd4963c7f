package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.ToyVocabulary.pieces;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgufValue;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vocabularies of SentencePiece's characters with a list of merges in place of scores. */
class RankedCharactersTest extends TokenizerContractTest {
    @Override
    ToyVocabulary vocabulary() {
        return ToyVocabulary.rankedCharacters("gemma4");
    }

    @Override
    String letter(String letter) {
        return letter;
    }

    @ParameterizedTest
    @CsvSource({
        "the,t|he",
        "x the,x|▁the",
        "thin,t|h|in",
        "aaaaa,aaaa|a",
        "abc,a|bc",
        "é日本,é|日|<0xE6>|<0x9C>|<0xAC>",
        "本,<0xE6>|<0x9C>|<0xAC>",
        "T,<0x54>",
        "a  b,a|▁▁|b",
    })
    void mergesTheLowestRankFirst(String text, String expected) {
        Tokenizer tokenizer = vocabulary().tokenizer();

        assertThat(pieces(tokenizer, tokenizer.encode(text, false, true))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemma4", "granite-embed-multi-311m", "sarvam-moe"})
    void aBytePairModelWithSuchARuleHasTheSameTokens(String pre) {
        Tokenizer tokenizer = vocabulary()
                .put("model", "gpt2")
                .put("pre", pre)
                .remove("add_bos_token")
                .tokenizer();

        assertThat(tokenizer.encode("x the  本", false, true))
                .isEqualTo(vocabulary().tokenizer().encode("x the  本", false, true));
        assertThat(tokenizer.vocabulary().addsBos()).isEqualTo(!pre.equals("sarvam-moe"));
    }

    @Test
    void mergesAreNeeded() {
        assertThatThrownBy(() -> vocabulary().remove("merges").tokenizer())
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.ggml.merges");
    }

    @Test
    void aMergeOfTheMostBytesForItsCharactersIsRead() {
        String word = "日本".repeat(400);
        ToyVocabulary toy = vocabulary().add(word, TokenType.NORMAL).add(word + word, TokenType.NORMAL);
        GgufValue merges = new GgufValue.Strings(List.of(word + " " + word, "日 本"));

        assertThat(toy.put("merges", merges).tokenizer().vocabulary().size()).isEqualTo(toy.size());
    }
}
