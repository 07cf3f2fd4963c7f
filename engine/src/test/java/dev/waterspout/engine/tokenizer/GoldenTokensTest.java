package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.ToyVocabulary.decode;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.testing.Golden;
import dev.waterspout.kernels.testing.TestData;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with the tokens of llama.cpp for the same texts and vocabularies. */
class GoldenTokensTest {
    @ParameterizedTest
    @CsvSource({"stories260K, stories260K", "orator-f32, orator-q8_0", "orator-q8_0, orator-q8_0"})
    void encodesLikeLlamaCpp(String golden, String model) throws IOException {
        Tokenizer tokenizer = tokenizer(model);
        List<JsonObject> cases = cases(golden);

        assertThat(cases).isNotEmpty();
        for (JsonObject each : cases) {
            String text = each.getString("text");
            assertThat(tokenizer.encode(text)).as(text).containsExactly(ids(each));
        }
    }

    @ParameterizedTest
    @CsvSource({"stories260K, stories260K", "orator-f32, orator-q8_0"})
    void decodesTheTokensOfLlamaCpp(String golden, String model) throws IOException {
        Tokenizer tokenizer = tokenizer(model);
        // Special tokens print nothing, so a text that contains them is not reproduced.
        List<JsonObject> plain = cases(golden).stream()
                .filter(each -> !each.getString("text").contains("<"))
                .toList();

        assertThat(plain).isNotEmpty();
        for (JsonObject each : plain) {
            assertThat(decode(tokenizer, ids(each))).isEqualTo(each.getString("text"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260K", "orator-q8_0"})
    void decodesABookThatItEncodes(String model) throws IOException {
        String book = Files.readString(TestData.require("orator-heldout.txt"));
        Tokenizer tokenizer = tokenizer(model);

        assertThat(decode(tokenizer, tokenizer.encode(book))).isEqualTo(book);
    }

    private static Tokenizer tokenizer(String model) {
        try (GgufFile file = GgufFile.open(TestData.require(model + ".gguf"))) {
            return Tokenizer.from(file.metadata());
        }
    }

    private static int[] ids(JsonObject golden) {
        return Golden.ids(golden, "ids");
    }

    /** The vocabulary is the same in all variants of a model. */
    private static List<JsonObject> cases(String golden) throws IOException {
        return Golden.object("golden/" + golden + ".json")
                .getJsonArray("tokenize")
                .getValuesAs(JsonObject.class);
    }
}
