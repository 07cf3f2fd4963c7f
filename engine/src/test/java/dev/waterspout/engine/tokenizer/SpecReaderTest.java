package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgufException;
import dev.waterspout.engine.gguf.GgufMetadata;
import dev.waterspout.engine.gguf.GgufValue;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecReaderTest {
    @ParameterizedTest
    @ValueSource(strings = {"bert", "t5", "rwkv", "none", ""})
    void refusesAModelByName(String model) {
        refused(ToyVocabulary.sentencePiece().put("model", model))
                .hasMessageContaining("tokenizer.ggml.model")
                .hasMessageContaining("\"" + model + "\"")
                .hasMessageContaining("llama")
                .hasMessageContaining("gpt2");
    }

    @Test
    void refusesAPreTokenizerByName() {
        refused(ToyVocabulary.bytePair("no-such-rule"))
                .hasMessageContaining("tokenizer.ggml.pre")
                .hasMessageContaining("no-such-rule");
    }

    @Test
    void sentencePieceNeedsNoPreTokenizer() {
        Tokenizer tokenizer =
                ToyVocabulary.sentencePiece().put("pre", "no-such-rule").tokenizer();

        assertThat(tokenizer).isInstanceOf(SentencePieceTokenizer.class);
    }

    @ParameterizedTest
    @CsvSource({"llama,scores", "gpt2,merges", "llama,model", "gpt2,model"})
    void namesTheMissingKey(String model, String key) {
        ToyVocabulary toy = model.equals("llama") ? ToyVocabulary.sentencePiece() : ToyVocabulary.bytePair("gpt-2");

        refused(toy.remove(key)).hasMessageContaining("tokenizer.ggml." + key);
    }

    @Test
    void namesMissingTokensAndTypes() {
        GgufValue model = new GgufValue.Text("llama");
        GgufValue tokens = new GgufValue.Strings(List.of("a"));
        GgufMetadata noTokens = new GgufMetadata("toy.gguf", Map.of("tokenizer.ggml.model", model));
        GgufMetadata noTypes =
                new GgufMetadata("toy.gguf", Map.of("tokenizer.ggml.model", model, "tokenizer.ggml.tokens", tokens));

        assertThatThrownBy(() -> Tokenizer.from(noTokens))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.ggml.tokens");
        assertThatThrownBy(() -> Tokenizer.from(noTypes))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.ggml.token_type");
    }

    @Test
    void refusesAnEmptyVocabulary() {
        refused(ToyVocabulary.bytePair("gpt-2")
                        .put("tokens", new GgufValue.Strings(List.of()))
                        .put("token_type", GgufValue.Numbers.ofInts()))
                .hasMessageContaining("tokenizer.ggml.tokens");
    }

    @Test
    void refusesArraysOfAnotherLength() {
        ToyVocabulary toy = ToyVocabulary.sentencePiece();
        int size = toy.size();

        refused(toy.put("scores", GgufValue.Numbers.ofFloats(new float[size - 1])))
                .hasMessageContaining("tokenizer.ggml.scores")
                .hasMessageContaining(String.valueOf(size - 1))
                .hasMessageContaining(String.valueOf(size));
        refused(ToyVocabulary.sentencePiece().put("token_type", GgufValue.Numbers.ofInts(new int[size + 1])))
                .hasMessageContaining("tokenizer.ggml.token_type")
                .hasMessageContaining(String.valueOf(size + 1))
                .hasMessageContaining(String.valueOf(size));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 7, Integer.MAX_VALUE})
    void refusesATypeThatDoesNotExist(int code) {
        ToyVocabulary toy = ToyVocabulary.sentencePiece();
        int[] types = toy.typeCodes();
        types[3] = code;

        refused(toy.put("token_type", GgufValue.Numbers.ofInts(types)))
                .hasMessageContaining("tokenizer.ggml.token_type")
                .hasMessageContaining(String.valueOf(code));
    }

    @Test
    void refusesToAddATokenThatDoesNotExist() {
        refused(ToyVocabulary.bytePair("gpt-2").remove("bos_token_id").put("add_bos_token", true))
                .hasMessageContaining("tokenizer.ggml.add_bos_token")
                .hasMessageContaining("tokenizer.ggml.bos_token_id");
        refused(ToyVocabulary.bytePair("gpt-2").put("eos_token_id", 99_999).put("add_eos_token", true))
                .hasMessageContaining("tokenizer.ggml.add_eos_token")
                .hasMessageContaining("tokenizer.ggml.eos_token_id");
    }

    @Test
    void aValueOfAnotherTypeIsAnErrorOfTheFile() {
        ToyVocabulary toy = ToyVocabulary.sentencePiece().put("tokens", "all of them");

        assertThatThrownBy(toy::tokenizer)
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("tokenizer.ggml.tokens");
    }

    @Test
    void rolesOutsideTheVocabularyCountAsMissing() {
        Vocabulary vocabulary = ToyVocabulary.bytePair("qwen2")
                .put("bos_token_id", 0xFFFF_FFFFL)
                .put("eot_token_id", 0xFFFF_FFFFL)
                .tokenizer()
                .vocabulary();

        assertThat(vocabulary.bos()).isEmpty();
        assertThat(vocabulary.eos()).isPresent();
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> refused(ToyVocabulary toy) {
        return assertThatThrownBy(toy::tokenizer).isInstanceOf(TokenizerException.class);
    }
}
