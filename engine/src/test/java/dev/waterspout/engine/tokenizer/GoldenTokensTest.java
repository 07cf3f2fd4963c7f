package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.ToyVocabulary.decode;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.kernels.testing.SharedData;
import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with what llama.cpp makes of the same texts and vocabularies. */
class GoldenTokensTest {
    @ParameterizedTest
    @ValueSource(strings = {"stories260K", "orator-f32", "orator-q8_0"})
    void encodesLikeLlamaCpp(String model) throws IOException {
        Tokenizer tokenizer = tokenizer(model);
        List<JsonObject> cases = cases(model);

        assertThat(cases).isNotEmpty();
        for (JsonObject golden : cases) {
            String text = golden.getString("text");
            assertThat(tokenizer.encode(text)).as(text).containsExactly(ids(golden));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260K", "orator-f32"})
    void decodesTheTokensOfLlamaCpp(String model) throws IOException {
        Tokenizer tokenizer = tokenizer(model);
        // Special tokens print nothing, so a text that spells them out does not come back.
        List<JsonObject> plain = cases(model).stream()
                .filter(golden -> !golden.getString("text").contains("<"))
                .toList();

        assertThat(plain).isNotEmpty();
        for (JsonObject golden : plain) {
            assertThat(decode(tokenizer, ids(golden))).isEqualTo(golden.getString("text"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260K", "orator-f32"})
    void decodesABookThatItEncodes(String model) throws IOException {
        String book = Files.readString(SharedData.require("orator-heldout.txt"));
        Tokenizer tokenizer = tokenizer(model);

        assertThat(decode(tokenizer, tokenizer.encode(book))).isEqualTo(book);
    }

    private static Tokenizer tokenizer(String model) {
        try (GgufFile file = GgufFile.open(SharedData.require(model + ".gguf"))) {
            return Tokenizer.from(file.metadata());
        }
    }

    private static int[] ids(JsonObject golden) {
        return golden.getJsonArray("ids").getValuesAs(JsonNumber.class).stream()
                .mapToInt(JsonNumber::intValue)
                .toArray();
    }

    private static List<JsonObject> cases(String model) throws IOException {
        try (JsonReader reader =
                Json.createReader(Files.newBufferedReader(SharedData.require("golden/" + model + ".json")))) {
            return reader.readObject().getJsonArray("tokenize").getValuesAs(JsonObject.class);
        }
    }
}
