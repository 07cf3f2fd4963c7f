package dev.waterspout.engine.tokenizer;

import static dev.waterspout.engine.tokenizer.ToyVocabulary.decode;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.kernels.testing.TestData;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares with the tokens of Hugging Face's tokenizers for 612 texts. The vocabularies belong to their publishers and
 * are not in the tree. A test runs only if {@code shared/data/tokenizer} has {@code NAME.gguf}, converted from the
 * model's {@code tokenizer.json}, and {@code NAME.json}.
 */
class ReferenceTokensTest {
    @ParameterizedTest
    @ValueSource(strings = {"llama2", "llama3", "llama3_1", "qwen3", "gptoss", "gemma3", "deepseek_v3"})
    void encodesAndDecodesLikeHuggingFace(String name) throws IOException {
        Path vocabulary = TestData.require("tokenizer/" + name + ".gguf");
        JsonArray texts = read("strings").getValuesAs(JsonArray.class).stream()
                .collect(Json::createArrayBuilder, (all, pair) -> all.add(pair.get(1)), (a, b) -> {})
                .build();
        JsonObject expected = readObject(name);
        JsonObject decoded = expected.getJsonObject("decoded");
        List<String> different = new ArrayList<>();
        try (GgufFile file = GgufFile.open(vocabulary)) {
            Tokenizer tokenizer = Tokenizer.from(file.metadata());
            for (int i = 0; i < texts.size(); i++) {
                String text = texts.getString(i);
                int[] ids = ids(expected.getJsonArray("ids").getJsonArray(i));
                int[] found = tokenizer.encode(text, false, true);
                String printed = decoded.getString(String.valueOf(i), text);
                boolean plain = Arrays.stream(ids)
                        .noneMatch(id -> tokenizer.vocabulary().type(id).isSpecial());
                if (plain && !decode(tokenizer, ids).equals(printed)) {
                    different.add(i + " prints " + decode(tokenizer, ids) + " for " + printed);
                }
                if (!Arrays.equals(found, ids)) {
                    different.add(i + " " + text + ": " + Arrays.toString(found) + " for " + Arrays.toString(ids));
                }
            }
        }
        assertThat(different).isEmpty();
    }

    private static int[] ids(JsonArray array) {
        return array.getValuesAs(JsonNumber.class).stream()
                .mapToInt(JsonNumber::intValue)
                .toArray();
    }

    private static JsonArray read(String name) throws IOException {
        try (JsonReader reader = reader(name)) {
            return reader.readArray();
        }
    }

    private static JsonObject readObject(String name) throws IOException {
        try (JsonReader reader = reader(name)) {
            return reader.readObject();
        }
    }

    private static JsonReader reader(String name) throws IOException {
        return Json.createReader(Files.newBufferedReader(TestData.require("tokenizer/" + name + ".json")));
    }
}
