package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.waterspout.engine.gguf.GgufValue;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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
            strings = {"<|eot_id|>", "<|im_end|>", "<|end|>", "<|call|>", "<end_of_turn>", "[EOT]", "<|file_sep|>"})
    void textEndsAtWellKnownNamesOfAnyType(String name) {
        int size = ToyVocabulary.bytePair("qwen2").size();

        for (TokenType type : EnumSet.complementOf(EnumSet.of(TokenType.BYTE))) {
            Vocabulary vocabulary = ToyVocabulary.bytePair("qwen2")
                    .add(name, type)
                    .add("<|start|>", type)
                    .tokenizer()
                    .vocabulary();
            assertThat(vocabulary.isEndOfText(size)).as(type.name()).isTrue();
            assertThat(vocabulary.isEndOfText(size + 1)).isFalse();
        }
    }

    @Test
    void anEndOfMessagePartTokenDoesNotEndTheText() {
        ToyVocabulary toy = ToyVocabulary.bytePair("gpt-4o")
                .add("<|end|>", TokenType.CONTROL)
                .add("<|return|>", TokenType.CONTROL)
                .add("<|call|>", TokenType.CONTROL);
        Vocabulary vocabulary =
                toy.put("eot_token_id", toy.id("<|end|>")).tokenizer().vocabulary();

        assertThat(vocabulary.isEndOfText(toy.id("<|end|>"))).isFalse();
        assertThat(vocabulary.isEndOfText(toy.id("<|return|>"))).isTrue();
        assertThat(vocabulary.isEndOfText(toy.id("</s>"))).isTrue();

        ToyVocabulary tools = ToyVocabulary.bytePair("gpt-4o").add("<|tool_response>", TokenType.CONTROL);
        assertThat(tools.tokenizer().vocabulary().isEndOfText(tools.id("</s>"))).isFalse();
    }

    @Test
    void warnsOfAMissingPreTokenizerAndADoubledBos() {
        Tokenizer unnamed = ToyVocabulary.bytePair("llama-bpe").remove("pre").tokenizer();
        Tokenizer named = ToyVocabulary.bytePair("llama-bpe").tokenizer();
        Tokenizer pieces = ToyVocabulary.sentencePiece().tokenizer();

        assertThat(unnamed.notes(unnamed.encode("a"))).singleElement(STRING).contains("tokenizer.ggml.pre is missing");
        assertThat(named.notes(named.encode("a"))).isEmpty();
        assertThat(named.notes(named.encode("<s>a"))).singleElement(STRING).contains("\"<s>\" twice");
        assertThat(pieces.notes(pieces.encode("a"))).isEmpty();
        assertThat(pieces.notes(pieces.encode("<s>a"))).hasSize(1);
    }

    /** A polynomial hash with the base 31, such as that of Java's strings, is equal for "Aa" and "BB". */
    @Test
    @Timeout(20)
    void aVocabularyOfTextsMadeToCollideLoadsQuickly() {
        ToyVocabulary toy = ToyVocabulary.sentencePiece();
        for (int number = 0; number < 1 << 17; number++) {
            StringBuilder text = new StringBuilder();
            for (int bit = 0; bit < 17; bit++) {
                text.append((number >> bit & 1) == 0 ? "Aa" : "BB");
            }
            toy.add(text.toString(), TokenType.NORMAL);
        }
        toy.put("scores", GgufValue.Numbers.ofFloats(new float[toy.size()]));

        assertThat(toy.tokenizer().vocabulary().size()).isGreaterThan(1 << 17);
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
