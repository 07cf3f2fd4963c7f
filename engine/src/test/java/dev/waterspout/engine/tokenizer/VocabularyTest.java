package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VocabularyTest {
    @Test
    void textEndsAtTheTokensThatTheMetadataNames() {
        ToyVocabulary toy = ToyVocabulary.bytePair("llama-bpe");
        Vocabulary vocabulary = toy.put("eot_token_id", toy.id("<|im|>"))
                .put("eom_token_id", toy.id("he"))
                .tokenizer()
                .vocabulary();

        List<String> ends = IntStream.range(0, vocabulary.size())
                .filter(vocabulary::isEndOfText)
                .mapToObj(vocabulary::text)
                .toList();

        assertThat(ends).containsExactlyInAnyOrder("</s>", "<|im|>", "he", "<|im_end|>");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>"})
    void textEndsAtWellKnownSpecialTokens(String name) {
        int size = ToyVocabulary.bytePair("qwen2").size();

        for (TokenType type : EnumSet.complementOf(EnumSet.of(TokenType.BYTE))) {
            Vocabulary vocabulary = ToyVocabulary.bytePair("qwen2")
                    .add(name, type)
                    .add("<|start|>", type)
                    .tokenizer()
                    .vocabulary();
            boolean special = type == TokenType.CONTROL || type == TokenType.USER_DEFINED;
            assertThat(vocabulary.isEndOfText(size)).as(type.name()).isEqualTo(special);
            assertThat(vocabulary.isEndOfText(size + 1)).isFalse();
        }
    }

    @Test
    void knowsItsTokens() {
        ToyVocabulary toy = ToyVocabulary.sentencePiece();
        Vocabulary vocabulary = toy.tokenizer().vocabulary();

        assertThat(vocabulary.size()).isEqualTo(toy.size());
        assertThat(vocabulary.text(toy.id("▁the"))).isEqualTo("▁the");
        assertThat(vocabulary.type(0)).isEqualTo(TokenType.UNKNOWN);
        assertThat(vocabulary.type(toy.id("<s>"))).isEqualTo(TokenType.CONTROL);
        assertThat(vocabulary.type(toy.id("<user>"))).isEqualTo(TokenType.USER_DEFINED);
        assertThat(vocabulary.type(toy.id("<0x0A>"))).isEqualTo(TokenType.BYTE);
        assertThat(vocabulary.type(toy.id("▁the"))).isEqualTo(TokenType.NORMAL);
        assertThat(vocabulary.bos()).hasValue(1);
        assertThat(vocabulary.eos()).hasValue(2);
    }
}
